# SPDX-License-Identifier: GPL-2.0-only
"""The hotplug service: memory plugged into and taken from a running machine, by one-line requests.

The guest's command `hotplug` and the host's `memhp-vm hotplug` speak to it in the same way. A
request is the line "TAG VERB ARGUMENT…"; the answer is any number of lines "TAG out TEXT" and
"TAG err TEXT", then "TAG exit STATUS" with 0 done, 1 failed, 2 usage.
"""
import asyncio
import dataclasses
import re

from qmp import QmpError

USAGE = (
    "usage: hotplug available | list | add-dimm SIZE [--node N] | del-dimm ID"
    " | wait-gone ID [SECONDS] | ost ID"
    " | virtio-mem SIZE | virtio-mem-size | wait-virtio-mem SIZE [SECONDS]"
    " | balloon SIZE"
)
WAIT_SECONDS = 60
NODES = (0, 1)
VIRTIO_MEM = "/machine/peripheral/vmem0"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_ERRORS = ("MEM_UNPLUG_ERROR", "DEVICE_UNPLUG_GUEST_ERROR")


class Usage(Exception):
    """A request that cannot be understood; one line."""


class Failed(Exception):
    """A request that was understood and failed; one line."""


def parse_size(text):
    """Bytes of "1G", "512M", … Usage when it is no size."""
    match = re.fullmatch(r"(\d{1,15})([KMGT]?)(i?B)?", text, re.IGNORECASE)
    if not match:
        raise Usage(f"bad size '{text}' (such as 512M or 2G)")
    return int(match[1]) * _UNITS[match[2].upper()]


def parse_seconds(text):
    """Seconds of "30"; Usage when it is no number."""
    if not re.fullmatch(r"\d{1,6}", text):
        raise Usage(f"bad number of seconds '{text}'")
    return int(text)


@dataclasses.dataclass
class Dimm:
    """A DIMM that QEMU has. backend: id of its memory. asked: number of events seen when it was last asked back."""

    size: int
    node: int
    backend: str
    asked: int = 0


class Hotplug:
    """What can be plugged in one machine. dimms: those present at its start, id → Dimm."""

    def __init__(self, qmp, dimms=None):
        self._qmp = qmp
        self._dimms = dict(dimms or {})
        self._count = 0
        # The memory of DIMMs that are gone, for the next of that size: (bytes, backend). It is not given
        # back: an emulating QEMU keeps the code it has translated by the place of the memory in QEMU, and
        # runs it again when other memory comes to lie there (system/physmem.c, ram_block_add: the new
        # memory is taken as free of code, nothing throws the old translations away).
        self._spare = []

    async def answer(self, line):
        """The answer to a request line: a list of lines."""
        tag, *words = line.split() or [""]
        try:
            status, lines = 0, await self._run(words)
        except Usage as error:
            status, lines = 2, [f"err hotplug: {error}; {USAGE}"]
        except (Failed, QmpError) as error:
            status, lines = 1, [f"err hotplug: {error}"]
        return [f"{tag} {line}" for line in (*lines, f"exit {status}")]

    async def _run(self, words):
        verbs = {
            "help": (self._help, 0, 0),
            "available": (self._available, 0, 0), "list": (self._list, 0, 0),
            "add-dimm": (self._add_dimm, 1, 3), "del-dimm": (self._del_dimm, 1, 1),
            "wait-gone": (self._wait_gone, 1, 2), "ost": (self._ost, 1, 1),
            "virtio-mem": (self._virtio_mem, 1, 1),
            "virtio-mem-size": (self._virtio_mem_size, 0, 0),
            "wait-virtio-mem": (self._wait_virtio_mem, 1, 2),
            "balloon": (self._balloon, 1, 1),
        }
        verb, *arguments = words or [""]
        if verb not in verbs:
            raise Usage(f"unknown verb '{verb}'")
        function, least, most = verbs[verb]
        if not least <= len(arguments) <= most:
            raise Usage(f"wrong number of arguments for '{verb}'")
        return await function(*arguments)

    async def _available(self):
        return []

    async def _help(self):
        return ["out " + USAGE]

    async def _list(self):
        await self._forget()
        return [f"out {name} {dimm.size} {dimm.node}" for name, dimm in self._dimms.items()]

    async def _add_dimm(self, size, *option):
        word, node = option if len(option) == 2 else ("--node", None if option else "0")
        if word != "--node" or node is None:
            raise Usage(f"unknown option '{' '.join(option)}'")
        if node not in map(str, NODES):
            raise Usage(f"no node '{node}' in this machine")
        number = parse_size(size)
        if not number:
            raise Usage("a DIMM of size 0")
        await self._forget()
        self._count += 1
        name = f"dimm{self._count}"
        backend = await self._backend(number, "mem-" + name)
        try:
            await self._qmp.execute("device_add", driver="pc-dimm", id=name, memdev=backend, node=int(node))
        except QmpError:
            self._spare.append((number, backend))
            raise
        self._dimms[name] = Dimm(number, int(node), backend)
        return [f"out {name}"]

    async def _backend(self, size, name):
        """The id of memory that no DIMM has: a spare one, or a new one with this name."""
        for spare in self._spare:
            if spare[0] == size:
                self._spare.remove(spare)
                return spare[1]
        await self._qmp.execute("object-add", **{"qom-type": "memory-backend-ram", "id": name, "size": size,
                                                 "reserve": False})
        return name

    async def _del_dimm(self, name):
        dimm = await self._find(name)
        asked = len(self._qmp.events)
        await self._qmp.execute("device_del", id=name)
        dimm.asked = asked
        return []

    async def _wait_gone(self, name, seconds=str(WAIT_SECONDS)):
        bound = parse_seconds(seconds)
        if self._deleted(name):
            return []
        dimm = await self._find(name)
        if await self._qmp.wait(lambda: self._deleted(name), bound):
            await self._forget()
            return []
        seen = "; ".join(self._answers(name, dimm.asked)) or "no answer from the guest"
        raise Failed(f"{name} is still there after {bound} s: {seen}")

    async def _ost(self, name):
        for event in reversed(self._qmp.events):
            if event["event"] == "ACPI_DEVICE_OST" and _device(event) == name:
                return [f"out {event['data']['info']['status']}"]
        raise Failed(f"no status was reported for a DIMM '{name}'")

    async def _virtio_mem(self, size):
        await self._qmp.execute("qom-set", path=VIRTIO_MEM, property="requested-size",
                                value=parse_size(size))
        return []

    async def _virtio_mem_size(self):
        size = await self._qmp.execute("qom-get", path=VIRTIO_MEM, property="size")
        return [f"out {size}"]

    async def _wait_virtio_mem(self, size, seconds=str(WAIT_SECONDS)):
        wanted, bound = parse_size(size), parse_seconds(seconds)
        now = await self._qmp.execute("qom-get", path=VIRTIO_MEM, property="size")
        seen = len(self._qmp.events)

        def reached():
            for event in self._qmp.events[seen:]:
                if event["event"] == "MEMORY_DEVICE_SIZE_CHANGE":
                    if event["data"]["size"] == wanted:
                        return True
            return None

        if now == wanted or await self._qmp.wait(reached, bound):
            return []
        now = await self._qmp.execute("qom-get", path=VIRTIO_MEM, property="size")
        raise Failed(f"virtio-mem has {now} bytes, not {wanted}, after {bound} s")

    async def _balloon(self, size):
        """Asks for so much of the machine's memory; how much of it came, the guest knows."""
        wanted = parse_size(size)
        memory = await self._qmp.execute("query-memory-size-summary")
        await self._forget()
        # QEMU wants to know what is left, and counts DIMMs, and no other devices, as the machine's.
        whole = memory["base-memory"] + sum(dimm.size for dimm in self._dimms.values())
        if wanted >= whole:
            raise Usage(f"the machine has {whole >> 20}M in all")
        await self._qmp.execute("balloon", value=whole - wanted)
        return []

    async def _find(self, name):
        await self._forget()
        if name not in self._dimms:
            known = ", ".join(self._dimms) or "none"
            raise Failed(f"no DIMM '{name}' (present: {known})")
        return self._dimms[name]

    async def _forget(self):
        """Puts the memory of DIMMs that are gone to the spare one."""
        for name in [name for name in self._dimms if self._deleted(name)]:
            gone = self._dimms.pop(name)
            self._spare.append((gone.size, gone.backend))

    def _deleted(self, name):
        """True when QEMU has confirmed that the DIMM is gone, else None. Ids are never used twice."""
        for event in self._qmp.events:
            if event["event"] == "DEVICE_DELETED" and event["data"].get("device") == name:
                return True
        return None

    def _answers(self, name, since):
        """What guest and QEMU reported of a DIMM since an event number."""
        for event in self._qmp.events[since:]:
            if _device(event) != name:
                continue
            if event["event"] == "ACPI_DEVICE_OST":
                yield f"OST {event['data']['info']['status']}"
            elif event["event"] in _ERRORS:
                yield event["data"].get("msg", event["event"])


def _device(event):
    data = event.get("data", {})
    return data.get("info", data).get("device")


async def serve(hotplug, reader, writer):
    """Answers the requests of one connection, each in its own time, until it closes."""
    tasks = set()

    async def one(line):
        for reply in await hotplug.answer(line):
            writer.write(reply.encode() + b"\n")

    try:
        while line := await reader.readline():
            if line.strip():
                task = asyncio.create_task(one(line.decode(errors="replace")))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    except ConnectionResetError:
        pass
    for task in tasks:
        task.cancel()
