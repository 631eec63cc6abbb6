# SPDX-License-Identifier: GPL-2.0-only
"""What memhpctl prints with --json is as Documentation/schema has it: each verb on a machine in a
directory, and what memhpd has to say on a fake kernel.

usage: schema_test.py MEMHPCTL MEMHPD_FAKE SOURCE [unittest arguments]"""
import copy
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings

import command_line

try:
    import jsonschema
except ModuleNotFoundError:
    print("python3-jsonschema is not installed")
    sys.exit(77)  # CTest takes it for a skip

MEMHPCTL, MEMHPD, SOURCE = sys.argv[1:4]
DIRECTORY = pathlib.Path(SOURCE) / "Documentation/schema"
COMMON = "common"
SCHEMAS = {path.stem: json.loads(path.read_text(encoding="utf-8"))
           for path in DIRECTORY.glob("*.json")}


def validator(schema):
    """For a schema that may refer to the others."""
    with warnings.catch_warnings():
        # Newer releases have another way, which Debian 12 has not.
        warnings.simplefilter("ignore", DeprecationWarning)
        resolver = jsonschema.RefResolver.from_schema(
            schema, store={f"{name}.json": one for name, one in SCHEMAS.items()})
        return jsonschema.Draft202012Validator(schema, resolver=resolver)


def objects(document):
    """Every object in a document."""
    if isinstance(document, dict):
        yield document
    values = document.values() if isinstance(document, dict) else document
    if isinstance(document, (dict, list)):
        for value in values:
            yield from objects(value)


class Schemas(unittest.TestCase):
    """The files themselves."""

    def test_one_for_each_verb(self):
        verbs = {"-".join(verb.words) for verb in command_line.verbs(MEMHPCTL)}
        self.assertEqual(set(SCHEMAS) - {COMMON}, verbs)

    def test_each_is_a_schema(self):
        for name, schema in SCHEMAS.items():
            with self.subTest(schema=name):
                jsonschema.Draft202012Validator.check_schema(schema)
                self.assertEqual(schema["$id"], name + ".json")
                self.assertTrue(schema["description"])


class Held(unittest.TestCase):
    """A machine, and documents held against schemas."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name

    def ctl(self, *words, status=0):
        """The document that a command prints."""
        done = command_line.run(MEMHPCTL, "--sysroot", self.root, "--json", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def hold(self, name, document):
        """The document is as the schema has it."""
        for error in validator(SCHEMAS[name]).iter_errors(document):
            self.fail(f"{name}: {'/'.join(map(str, error.path))}: {error.message}")


class Trees(Held):
    """Verbs that read a recorded machine."""

    COMMANDS = (
        ("list", 0), ("list 34-35 40", 0), ("map", 0), ("status", 0), ("events", 0),
        ("events --since 10m --block 32-33 --node 0", 0), ("stats", 0), ("metrics", 64),
        ("explain 32", 0), ("explain 0-3 33-35", 0), ("collect {}/machine.tar", 0),
        ("policy check {}/etc/memhp/memhpd.toml", 0), ("policy check {}/bad.toml", 1),
        ("policy show", 0), ("plan add 1G", 0), ("plan add 1G --source dax-kmem --node 1", 0),
        ("plan add 16G --source virtio-mem", 0), ("plan offline 32-33", 0),
        ("plan offline node:0", 0), ("doctor", 1),
        ("online 34-35 --dry-run", 0), ("offline 256M --dry-run", 0),
        ("eject PNP0C80:01 --dry-run", 0), ("probe 0x180000000 --dry-run", 0),
    )

    def _use_pages(self, tree):
        """Huge pages and a page that a process holds in block 32, which failed to go offline."""
        size = os.sysconf("SC_PAGESIZE")
        pfn = 32 * command_line.BLOCK // size
        anon, head, tail = 1 << 5 | 1 << 12, 1 << 15 | 1 << 17, 1 << 16 | 1 << 17
        for name, entries in (("kpageflags", [anon, *[0] * 511, head, *[tail] * 511]),
                              ("kpagecount", [1] * 1024)):
            with open(f"{self.root}/proc/{name}", "wb") as file:
                file.seek(pfn * 8)
                file.write(struct.pack("=1024Q", *entries))
                file.truncate((pfn + command_line.BLOCK // size) * 8)
        tree.write("proc/77/comm", "holder")
        tree.write("proc/77/maps", f"0-{size:x} rw-p 00000000 00:00 0")
        path = pathlib.Path(self.root) / "proc/77/pagemap"
        path.write_bytes(struct.pack("=Q", 1 << 63 | pfn))
        memhp = "sys/kernel/debug/memhp"
        # The record of a block is at its number.
        tree.write(f"{memhp}/pages", "\n" * 32 + "block=32 free=511 anon=1 huge=512 held=1 "
                   f"held_first={pfn:#x}:anon:2:1")
        tree.write(f"{memhp}/blocks", "block=32 state=online early=0 changed_ns=17 failed_ns=19 "
                   "stage=isolate err=16 pid=7 comm=bash work=-")
        tree.write("proc/iomem", "100000000-107ffefff : System RAM\n"
                                 "107fff000-107ffffff : ACPI Tables")
        for node in 0, 1:
            tree.write(f"sys/devices/system/node/node{node}/meminfo",
                       f"Node {node} MemTotal: 1048576 kB\nNode {node} MemFree: 65536 kB")

    def _commands(self):
        tree = command_line.Tree(self.root)
        tree.write("bad.toml", "lunch = 1\n[online]\naction = 2")
        self._use_pages(tree)
        for line, status in self.COMMANDS:
            verb = "-".join(line.split()[:2 if line.startswith(("policy", "plan")) else 1])
            yield verb, self.ctl(*line.replace("{}", self.root).split(), status=status)

    def test_output_of_every_verb(self):
        seen = set()
        for verb, document in self._commands():
            with self.subTest(verb=verb):
                self.hold(verb, document)
                seen.add(verb)
        # Of these a machine in a directory prints nothing.
        self.assertEqual(seen | {"cancel", "watch", "wait"}, set(SCHEMAS) - {COMMON})

    @unittest.skipUnless(os.path.exists("/sys/devices/system/memory/block_size_bytes"),
                         "this machine has no memory blocks")
    def test_wait(self):
        # What is read of this machine is how much of it is online.
        done = command_line.run(MEMHPCTL, "--json", "wait", "--online", "1", "--timeout", "1m")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.hold("wait", json.loads(done.stdout))

    def test_explanation_has_all_that_may_be_there(self):
        block = next(document for verb, document in self._commands() if verb == "explain")
        block = block["blocks"][0]
        for key in "pages", "room", "contains", "last_failure", "held":
            self.assertTrue(block[key], key)
        self.assertTrue(block["pages"]["huge_pages"])
        self.assertEqual(block["held"][0]["owner"]["pid"], 77)

    def test_another_document_would_not_pass(self):
        # Records of the module may have keys that are not known here.
        for verb, document in self._commands():
            for number, one in enumerate(objects(document)):
                more, less = copy.deepcopy(document), copy.deepcopy(document)
                list(objects(more))[number]["lunch"] = 1
                if "boot_ns" not in one:
                    self.assertFalse(validator(SCHEMAS[verb]).is_valid(more), (verb, one))
                if one:
                    list(objects(less))[number].popitem()
                    self.assertFalse(validator(SCHEMAS[verb]).is_valid(less), (verb, one))

    def test_status_with_what_settled_programs_did(self):
        command_line.Tree(self.root, module=False).write("run/memhp/settled.json", json.dumps({
            "began_ms": 1, "count": 2, "problem": "",
            "ended": [{"name": "10-a", "how": "exited", "number": 1, "took_ms": 5}]}))
        document = self.ctl("status")
        self.assertIsNotNone(document["hooks"])
        self.hold("status", document)

    def test_a_trial(self):
        # Only memory of the running machine can be tried.
        document = {"block": 32, "zone": "Movable", "verdict": "cannot_go", "cause": "held_page",
                    "why": "a page is held", "tried": True, "went": False, "back": True,
                    "errno": 16, "killed": False, "stage": None, "took_ms": 12,
                    "kernel_reason": "unmovable page", "pages": [], "kernel_log": ["x"],
                    "gaps": []}
        self.hold("offline", document)
        for key in document:
            less = {name: value for name, value in document.items() if name != key}
            self.assertFalse(validator(SCHEMAS["offline"]).is_valid(less), key)

    def test_lines_of_watch(self):
        command_line.Tree(self.root)
        for event in self.ctl("events")["events"]:
            self.hold("watch", event)
        self.hold("watch", {"event": "online", "block": 32, "boot_ns": 17})
        self.hold("watch", {"event": "lost"})
        self.assertFalse(validator(SCHEMAS["watch"]).is_valid({"event": "lunch"}))


class Daemon(Held):
    """What memhpd answers, on a kernel that is none."""

    def setUp(self):
        super().setUp()
        command_line.Tree(self.root)
        os.mkdir(self.root + "/run")
        path = self.root + "/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(20)
            self.daemon = subprocess.Popen(
                [MEMHPD, "--sysroot", self.root, "--log-level", "error",
                 "--config", self.root + "/etc/memhp/memhpd.toml"],
                env=dict(os.environ, NOTIFY_SOCKET=path, MEMHP_FAKE_KERNEL=self.root))
            self.addCleanup(self._stop)
            self.assertIn(b"READY=1", notify.recv(64))

    def _stop(self):
        self.daemon.terminate()
        self.daemon.wait(20)

    def _call(self, method, parameters):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.root + "/run/memhp/io.memhp")
            client.settimeout(20)
            client.sendall(json.dumps({"method": "io.memhp." + method,
                                       "parameters": parameters}).encode() + b"\0")
            answer = b""
            while not answer.endswith(b"\0"):
                answer += client.recv(65536)
        return json.loads(answer[:-1])["parameters"]

    def test_what_it_knows(self):
        for verb in "status", "policy show", "metrics":
            document = self.ctl(*verb.split())
            self.hold(verb.replace(" ", "-"), document)
        self.assertIsNotNone(self.ctl("status")["daemon"])
        self.assertTrue(self.ctl("policy", "show")["daemon"])
        self.hold("doctor", self.ctl("doctor", status=1))

    @unittest.skipUnless(os.geteuid() == 0, "only root may change memory")
    def test_what_becomes_of_requests(self):
        # memhpctl changes nothing below --sysroot; it prints a report as it comes from here.
        for method, target in ("Offline", ["32-33"]), ("Online", ["32"]), ("Offline", ["0"]):
            terms = {"target": target, "deadline_ms": 200}
            self.hold(method.lower(), self._call(method, terms)["report"])
        report = self._call("Offline", {"target": ["device:PNP0C80:01"], "eject": True,
                                        "all_or_nothing": True})["report"]
        self.assertTrue(report["ejected"]["done"])
        self.hold("eject", report)
        self.hold("explain", self._call("Explain", {"target": ["2-3"]})["explanation"])
        left = self._call("Offline", {"target": ["1"], "min_free": "100%", "detach": True})
        self.hold("offline", left)
        self.hold("status", self.ctl("status"))
        self.hold("cancel", self.ctl("cancel", str(left["id"])))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
