# SPDX-License-Identifier: GPL-2.0-only
"""What memhpctl says of itself in --help, and a machine on which it can be run."""
import functools
import pathlib
import re
import subprocess

# Given by CMake: the program, and the top of the source.
BLOCK = 1 << 27


def run(program, *words, **options):
    """The ended process."""
    return subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, **options)


def _section(text, title):
    """The lines of one section of a help text, which is indented."""
    found = re.search(rf"^{title}:\n((?:  .*\n)+)", text, re.MULTILINE)
    return found[1].splitlines() if found else []


class Verb:
    """A verb and what its --help says; name is "policy check"."""

    def __init__(self, program, words):
        self.words = words
        self.name = " ".join(words)
        self.help = run(program, *words, "--help").stdout
        self.options = [option for line in _section(self.help, "Options")
                        for option in re.findall(r"(?:^  |,)(--?[a-z-]+)", line)
                        if option not in ("-h", "--help")]
        # An option that takes something has that behind its names.
        self.with_value = [found[1] for line in _section(self.help, "Options")
                           if (found := re.match(r"  (?:-.,)?(--?[a-z-]+)(?:,\S+)? \S", line))]
        self.verbs = [line.split()[0] for line in _section(self.help, "Subcommands")
                      if line[2] != " "]
        self.examples = [line.strip() for line in _section(self.help, "Examples")
                         if line.startswith("  memhpctl ")]


@functools.cache
def verbs(program):
    """Every verb that does something, those of two words included."""
    found = []
    rest = [Verb(program, [])]
    while rest:
        verb = rest.pop(0)
        if not verb.verbs:
            found.append(verb)
        rest += [Verb(program, [*verb.words, name]) for name in verb.verbs]
    return found


class Tree:
    """A machine in a directory: boot memory 0 to 3, a DIMM PNP0C80:01 in 32 to 35 whose upper half
    is offline, a virtio-mem device virtio0 on node 1; the kernel can be told of more memory; the
    module is loaded if wanted."""

    def __init__(self, directory, module=True):
        self.root = pathlib.Path(directory)
        self.write("sys/devices/system/memory/block_size_bytes", f"{BLOCK:x}")
        self.write("sys/devices/system/memory/auto_online_blocks", "offline")
        self.write("sys/devices/system/memory/probe", "")
        self.write("sys/devices/system/node/possible", "0-1")
        for block in range(4):
            self._block(block, "online", "Normal", 0)
        for block in range(32, 36):
            online = block < 34
            self._block(block, "online" if online else "offline",
                        "Movable" if online else "Movable Normal", 0, "PNP0C80:01")
        self.write("sys/bus/acpi/devices/PNP0C80:01/eject", "")
        for block in 40, 41:
            self._block(block, "online", "Movable", 1)
        self.write("proc/iomem", "140000000-23fffffff : virtio0\n"
                                 "  140000000-14fffffff : System RAM (virtio_mem)")
        self.write("memhp-collect/clock", "realtime_ns=1700000000000000000 boot_ns=60000000000")
        self.write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB")
        self.write("etc/memhp/memhpd.toml", "[[online.rule]]\nsource = \"dax-kmem\"\n"
                                            "action = \"leave\"")
        if module:
            self._module()

    def write(self, name, text):
        """A file and its directories."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")

    def _link(self, name, target):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def _block(self, number, state, zones, node, device=""):
        directory = f"sys/devices/system/memory/memory{number}"
        self.write(f"{directory}/state", state)
        self.write(f"{directory}/valid_zones", zones)
        self._link(f"{directory}/node{node}", f"../../node/node{node}")
        self._link(f"sys/devices/system/node/node{node}/memory{number}",
                   f"../../memory/memory{number}")
        if device:
            self._link(f"{directory}/firmware_node", f"../../../../LNXSYSTM:00/{device}")

    def _module(self):
        memhp = "sys/kernel/debug/memhp"
        self.write(f"{memhp}/abi", "1")
        self.write(f"{memhp}/status", "seq=3\nprobes=1\nuntracked=0")
        self.write(f"{memhp}/blocks",
                   "block=0 state=online early=1 changed_ns=- comm=- work=-\n"
                   "block=32 state=online early=0 changed_ns=17 pid=7 comm=bash work=-\n"
                   "block=33 state=online early=0 changed_ns=18 pid=8 comm=kworker "
                   "work=acpi_hotplug_work_fn")
        self.write(f"{memhp}/nodes", "nid=0 has_memory=1")
        self.write(f"{memhp}/latency",
                   "op=online result=ok count=1 unmeasured=0 sum_us=1000 max_us=1000 from_0=0 "
                   "from_512=1 from_1024=0\n"
                   "op=offline result=isolate count=3 unmeasured=1 sum_us=5052 max_us=5000 "
                   "from_0=1 from_512=0 from_1024=1")
        self.write(f"{memhp}/events",
                   "seq=1 boot_ns=5 event=going_online block=32 addr=0x100000000 "
                   "size=134217728 nid=0 zone=Movable node_change=- dur_us=- stage=- err=- pid=7 "
                   "comm=bash work=-\n"
                   "seq=2 boot_ns=6 event=online block=32 addr=0x100000000 size=134217728 nid=0 "
                   "zone=Movable node_change=- dur_us=1000 stage=- err=0 pid=7 comm=bash work=-\n"
                   "seq=3 boot_ns=9 event=offline_failed block=33 addr=0x108000000 "
                   "size=134217728 nid=0 zone=Movable node_change=- dur_us=52 stage=isolate "
                   "err=16 pid=8 comm=kworker work=acpi_hotplug_work_fn\n"
                   "event=lost count=3")
