# SPDX-License-Identifier: GPL-2.0-only
"""The hotplug service against a QEMU that is played: requests, answers, bad input."""
import asyncio
import unittest

import hotplug
from qmp import QmpError


class FakeQmp:
    """Logs commands; answers with what `results` has for them; wait() never waits."""

    def __init__(self, **results):
        self.events = []
        self.commands = []
        self._results = results

    async def execute(self, command, **arguments):
        """Like Qmp.execute()."""
        self.commands.append((command, arguments))
        result = self._results.get(command.replace("-", "_"), {})
        if isinstance(result, Exception):
            raise result
        return result

    async def wait(self, find, _seconds):
        """Like Qmp.wait() with the bound passed."""
        return find()

    def event(self, name, **data):
        """QEMU reports something."""
        self.events.append({"event": name, "data": data})

    def names(self):
        """The commands so far."""
        return [name for name, _ in self.commands]


def ask(service, *requests):
    """The answer to the last of the requests, tags removed."""
    async def conversation():
        for request in requests:
            lines = await service.answer("tag " + request)
        return lines
    lines = asyncio.run(conversation())
    assert all(line.startswith("tag ") for line in lines)
    return [line.removeprefix("tag ") for line in lines]


class Hotplug(unittest.TestCase):
    """answer()."""

    def test_a_dimm_comes_and_goes(self):
        qmp = FakeQmp()
        service = hotplug.Hotplug(qmp)
        self.assertEqual(ask(service, "add-dimm 1G --node 1"), ["out dimm1", "exit 0"])
        self.assertEqual(qmp.commands[0][1]["reserve"], False)
        self.assertEqual(qmp.commands[1][1]["node"], 1)
        self.assertEqual(ask(service, "list"), [f"out dimm1 {1 << 30} 1", "exit 0"])
        self.assertEqual(ask(service, "del-dimm dimm1"), ["exit 0"])
        qmp.event("DEVICE_DELETED", path="/x")
        self.assertEqual(ask(service, "wait-gone dimm1 5")[-1], "exit 1")
        qmp.event("DEVICE_DELETED", device="dimm1", path="/x")
        self.assertEqual(ask(service, "wait-gone dimm1 5"), ["exit 0"])
        self.assertEqual(ask(service, "list"), ["exit 0"])
        self.assertEqual(ask(service, "add-dimm 1G"), ["out dimm2", "exit 0"])

    def test_memory_that_was_plugged_is_kept_for_the_next_dimm_of_its_size(self):
        qmp = FakeQmp()
        service = hotplug.Hotplug(qmp, {"boot1": hotplug.Dimm(1 << 30, 1, "mem-boot1")})
        qmp.event("DEVICE_DELETED", device="boot1", path="/x")
        ask(service, "add-dimm 2G", "add-dimm 1G", "add-dimm 1G")
        backends = [words["memdev"] for name, words in qmp.commands if name == "device_add"]
        self.assertEqual(backends, ["mem-dimm1", "mem-boot1", "mem-dimm3"])
        self.assertNotIn("object-del", qmp.names())

    def test_what_the_guest_said_is_told_since_the_last_request(self):
        qmp = FakeQmp()
        service = hotplug.Hotplug(qmp, {"boot1": hotplug.Dimm(1 << 30, 1, "mem-boot1")})
        info = {"device": "boot1", "status": 130}
        qmp.event("ACPI_DEVICE_OST", info={"device": "boot1", "status": 132})
        ask(service, "del-dimm boot1")
        qmp.event("ACPI_DEVICE_OST", info=info)
        qmp.event("MEM_UNPLUG_ERROR", device="boot1", msg="no")
        lines = ask(service, "wait-gone boot1 3")
        self.assertEqual(lines, ["err hotplug: boot1 is still there after 3 s: OST 130; no",
                                 "exit 1"])
        self.assertEqual(ask(service, "ost boot1"), ["out 130", "exit 0"])

    def test_a_refused_dimm_leaves_nothing(self):
        qmp = FakeQmp(device_add=QmpError("no slot"))
        service = hotplug.Hotplug(qmp)
        self.assertEqual(ask(service, "add-dimm 1G"), ["err hotplug: no slot", "exit 1"])
        self.assertEqual(ask(service, "list"), ["exit 0"])
        ask(service, "add-dimm 1G")
        self.assertEqual(qmp.names(), ["object-add", "device_add", "device_add"])

    def test_bad_requests_are_usage(self):
        service = hotplug.Hotplug(FakeQmp())
        for request in ("", "fly", "add-dimm", "add-dimm x", "add-dimm -1G", "add-dimm 0",
                        "add-dimm 1G --node 7", "add-dimm 1G --node", "add-dimm 1G --zone 1",
                        "virtio-mem 1Q", "wait-virtio-mem 1G soon", "list all"):
            with self.subTest(request):
                lines = ask(service, request)
                self.assertEqual(lines[-1], "exit 2")
                self.assertEqual(len(lines), 2)

    def test_unknown_dimms_fail(self):
        service = hotplug.Hotplug(FakeQmp())
        for request in ("del-dimm dimm1", "wait-gone dimm1", "ost dimm1"):
            with self.subTest(request):
                self.assertEqual(ask(service, request)[-1], "exit 1")

    def test_virtio_mem(self):
        qmp = FakeQmp(qom_get=1 << 30)
        service = hotplug.Hotplug(qmp)
        self.assertEqual(ask(service, "virtio-mem 1G"), ["exit 0"])
        self.assertEqual(qmp.commands[-1][1]["value"], 1 << 30)
        self.assertEqual(ask(service, "virtio-mem-size"), [f"out {1 << 30}", "exit 0"])
        self.assertEqual(ask(service, "wait-virtio-mem 1G 1"), ["exit 0"])
        self.assertEqual(ask(service, "wait-virtio-mem 2G 1")[-1], "exit 1")

    def test_a_balloon_takes_from_all_that_is_there(self):
        qmp = FakeQmp(query_memory_size_summary={"base-memory": 2 << 30, "plugged-memory": 9 << 30})
        service = hotplug.Hotplug(qmp, {"boot1": hotplug.Dimm(1 << 30, 1, "mem-boot1")})
        self.assertEqual(ask(service, "balloon 64M"), ["exit 0"])
        self.assertEqual(qmp.commands[-1], ("balloon", {"value": (3 << 30) - (64 << 20)}))
        self.assertEqual(ask(service, "balloon 3G")[-1], "exit 2")
        self.assertEqual(ask(service, "balloon much")[-1], "exit 2")
        self.assertEqual(qmp.names().count("balloon"), 1)


if __name__ == "__main__":
    unittest.main()
