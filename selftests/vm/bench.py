# SPDX-License-Identifier: GPL-2.0-only
"""The benches: contenders measured in turns in one guest, a table, and build/bench/NAME.json.

A bench is a script selftests/bench/NAME.sh, run in the guest, and a module bench_NAME.py, which has

    NAME, TITLE
    OPTIONS                 the machine.Options of its guest; LONG_OPTIONS, if there, for LONG=1
    CONTENDERS, BASELINE    what is compared, and with which of them
    INSTALL                 the target of make that installs what is measured
    ROUNDS, LONG_ROUNDS     how many, and how many for LONG=1
    words(long)             arguments of the script behind the plan
    ROUND_SECONDS           longer than any round takes: then the guest counts as hung
    unit(metric)            ns, bytes or count
    judge(samples)          the measure.Results of the measure.Samples
    IN_ROOT                 True where the script runs in the build root instead of the guest, with
                            nothing but userspace installed; may be missing

The script gets a plan: a file with a line for each round, its contenders in their order. It prints
"round NUMBER" before each, and in it "samples CONTENDER METRIC VALUE…" once for each metric.
"""
import asyncio
import dataclasses
import datetime
import json
import os
import platform
import shutil
import subprocess

import bench_kmod
import bench_list
import bench_offline
import bench_online
import bench_table
import build
import cache
import emulator
import guests
import machine
import measure
import namespace
import payload
import roots
import suite
import verdict
from errors import StepFailed, UserError

BENCHES = {bench.NAME: bench for bench in (bench_kmod, bench_list, bench_online, bench_offline)}
RESULTS = build.BUILD / "bench"
_IN_GUEST = "usr/lib/memhp-vm/bench"
# To plug memory and to get to the first round.
_SETUP_SECONDS = 120


def run(names, guest_name, long):
    """Runs the benches of these names, or all. A bar that is missed is a result, not a failure."""
    for name in names:
        if name not in BENCHES:
            raise UserError(f"no bench '{name}' (there are: {', '.join(BENCHES)})")
    guest = guests.find(guest_name)
    for name in names or BENCHES:
        bench = BENCHES[name]
        if bench.INSTALL != "install-kmod" and not guest.userspace:
            having = ", ".join(one.name for one in guests.GUESTS if one.userspace)
            raise UserError(f"bench '{name}' needs a guest with userspace: {having}")
        Run(bench, guest, long).run()


def in_root(bench):
    """Whether its script runs in the build root."""
    return getattr(bench, "IN_ROOT", False)


class Run:
    """One run of a bench. options: those of its machine."""

    def __init__(self, bench, guest, long=False, rounds=None):
        self._bench = bench
        self._guest = guest
        self._words = bench.words(long)
        self.options = getattr(bench, "LONG_OPTIONS", bench.OPTIONS) if long else bench.OPTIONS
        rounds = rounds or (bench.LONG_ROUNDS if long else bench.ROUNDS)
        self._orders = [measure.order(bench.CONTENDERS, number) for number in range(rounds)]
        self._samples = measure.Samples()
        self._directory = suite.fresh(build.LOGS / f"bench-{bench.NAME}")
        self._machine = {}

    def run(self):
        """Builds, measures, writes the record, and prints it as a table."""
        bench, guest = self._bench, self._guest
        print(f"{bench.NAME}: {len(self._orders)} rounds on {guest.name}", flush=True)
        root = roots.provide(guest, build.LOGS / f"{guest.name}-image.log")
        trees = self._build(root)
        initrd = self._directory / "initrd"
        if not in_root(bench):
            payload.write(root, initrd, [*trees, (self._plan(), _IN_GUEST)])
        with cache.locked("guest", lambda: print("waiting for another guest on this machine")):
            load = os.getloadavg()[0]
            if in_root(bench):
                self._in_root(root)
            else:
                asyncio.run(self._in_guest(root, initrd))
        initrd.unlink(missing_ok=True)
        qemu = None if in_root(bench) else emulator.choose(root)
        self._machine |= {
            "guest": guest.name,
            "accelerator": qemu.accelerator if qemu else "build root",
            "options": dataclasses.asdict(self.options),
            "qemu": qemu.version() if qemu else "",
            "host_kernel": platform.release(), "host_cpu": _host_cpu(),
            "host_cpus": os.cpu_count(),
            "host_load": [load, os.getloadavg()[0]]}
        self._publish(self.record(platform.release() if in_root(bench) else root.kernel))

    def _build(self, root):
        """What is measured, and the script with what it needs; the trees for the payload."""
        builder = build.Builder(self._guest, root)
        if self._bench.INSTALL != "install-userspace":
            builder.kmod()
        if self._bench.INSTALL != "install-kmod":
            builder.userspace()
        shutil.rmtree(builder.directory / "bench", ignore_errors=True)
        builder.make(self._bench.INSTALL, f"DESTDIR={namespace.BUILD}/bench/install",
                     "INSTALL_OPTIONS=--strip")
        builder.make("install", "TARGETS=bench", f"INSTALL_PATH={namespace.BUILD}/bench/tree",
                     f"W={self._guest.warnings}", "KCFLAGS=-Werror", directory="/selftests")
        return [(builder.directory / "bench/install", "."),
                (builder.directory / "bench/tree", _IN_GUEST)]

    def _plan(self):
        """A tree with the plan."""
        tree = self._directory / "plan"
        tree.mkdir()
        (tree / "plan").write_text("".join(" ".join(order) + "\n" for order in self._orders),
                                   encoding="ascii")
        return tree

    def _in_root(self, root):
        """Runs the script in the build root, with its output in a file."""
        log, plan = self._directory / "output.log", self._plan() / "plan"
        bench = f"{namespace.BUILD}/bench"
        shutil.copy(plan, build.BUILD / self._guest.name / "bench/plan")
        command = root.enter(
            ["env", f"MEMHPCTL={bench}/install/usr/bin/memhpctl",
             f"MEMHPD={bench}/install/usr/sbin/memhpd", "timeout",
             str(_SETUP_SECONDS + len(self._orders) * self._bench.ROUND_SECONDS),
             f"{bench}/tree/bench/{self._bench.NAME}.sh", f"{bench}/plan", *self._words],
            build.SOURCE, build.BUILD / self._guest.name)
        with open(log, "w", encoding="utf-8") as file, \
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 encoding="utf-8") as script:
            for text in script.stdout:
                file.write(text)
                self.take(text.rstrip("\n"))
        if script.returncode:
            raise StepFailed(f"{self._bench.NAME}.sh ended with {script.returncode}", log)

    async def _in_guest(self, root, initrd):
        name, log = self._bench.NAME, self._directory / "output.log"
        async with machine.running(root, self.options, initrd, self._directory) as guest:
            await guest.booted()
            _, clock = await guest.run(
                "cat /sys/devices/system/clocksource/clocksource0/current_clocksource", 30)
            self._machine["clocksource"] = clock[0]
            with open(log, "w", encoding="utf-8") as file:
                def line(text):
                    file.write(text + "\n")
                    self.take(text)
                status, lines = await guest.run(
                    " ".join((f"/{_IN_GUEST}/bench/{name}.sh", f"/{_IN_GUEST}/plan",
                              *self._words)),
                    _SETUP_SECONDS + len(self._orders) * self._bench.ROUND_SECONDS, line)
            if status:
                raise StepFailed(f"{name}.sh ended with {status}: {(lines or [''])[-1]}", log)
            _, dmesg = await guest.run("dmesg", 60)
            if found := verdict.complaints(dmesg):
                raise StepFailed(f"the kernel complained: {found[0]}", self._directory)
            await guest.power_off()

    def take(self, line):
        """A line of the script's output."""
        kind, _, text = line.partition(" ")
        if kind == "samples":
            contender, metric, *values = text.split()
            self._samples.add(contender, metric, [float(value) for value in values])
        elif kind == "round" and (int(text) - 1) % max(1, len(self._orders) // 10) == 0:
            print(f"    round {text} of {len(self._orders)}", flush=True)

    def record(self, kernel):
        """All that is known after a run. StepFailed when samples are missing."""
        bench, samples, rounds = self._bench, self._samples, len(self._orders)
        for contender in bench.CONTENDERS:
            for metric, found in samples.table.get(contender, {"any kind": ()}).items():
                if len(found) != rounds:
                    raise StepFailed(f"{contender}: {len(found)} of {rounds} rounds have samples"
                                     f" of {metric}", self._directory)
        results = [dataclasses.asdict(result) | {"verdict": result.verdict}
                   for result in bench.judge(samples)]
        return {
            "bench": bench.NAME, "title": bench.TITLE, "format": 1,
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": _first_line("git", "-C", str(build.SOURCE), "describe", "--always",
                                  "--dirty"),
            "kernel": kernel, "machine": self._machine,
            "contenders": bench.CONTENDERS, "baseline": bench.BASELINE,
            "rounds": rounds, "orders": self._orders,
            "units": {metric: bench.unit(metric)
                      for metrics in samples.table.values() for metric in metrics},
            "medians": samples.summary(),
            "ratios": [result for result in results if not result["unit"]],
            "figures": [result for result in results if result["unit"]],
            "samples": samples.table,
        }

    def _publish(self, record):
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self._bench.NAME}.json"
        # A line for each key: the samples are many.
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}"
                           for key, value in record.items())
        path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(bench_table.text(record))
        print(f"\nevery sample: {os.path.relpath(path)}", flush=True)


def _host_cpu():
    """Its name; None where the kernel does not tell."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else None


def _first_line(*argv):
    """What a command says; None when it fails, as git does without a repository."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.partition("\n")[0]
