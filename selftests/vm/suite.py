# SPDX-License-Identifier: GPL-2.0-only
"""The whole test run: builds on every kernel of the table, unit tests, collections in guests."""
import asyncio
import contextlib
import io
import os
import pathlib
import shlex
import shutil
import time
import unittest
import xml.etree.ElementTree

import build
import cache
import collection
import findings
import guests
import machine
import newer
import payload
import roots
import verdict
from errors import StepFailed, UserError

# A machine that broke down has this long to end by itself, which tells a panic from a hang.
ENDING_SECONDS = 5
# The log of a long run, of an emulated machine, takes more than a minute to be read.
LOG_SECONDS = 300
SELFTESTS_IN_GUEST = "usr/lib/memhp-vm/selftests"
# Variables of the host that tests in the guest listen to.
PASSED_ON = ("LONG", "TRUTH_SEED", "CRASH_SEED")


class Suite:
    """A run over some guests (those of the default run) and collections (all).

    long: whether tests run long. count is what was found so far."""

    def __init__(self, guest_names=(), collection_names=(), long=False):
        self._guests = guests.select(guest_names)
        self._collections = [collection.load(name)
                             for name in collection_names or collection.names()]
        self._only = bool(collection_names)
        for item in self._collections if self._only else ():
            if not any(map(item.runs_on, self._guests)):
                runs = ", ".join(guest.name for guest in guests.GUESTS if item.runs_on(guest))
                raise UserError(f"collection '{item.name}' runs only on: {runs} (--guest names one)")
        self._long = long
        self._begin = time.monotonic()
        self.count = verdict.Count()

    def run(self):
        """Runs everything, prints as it goes; the last line is the summary. True: all is good."""
        if not self._only:
            self._step("unit tests of the test machine")
            self.count += python_tests()
        for guest in self._guests:
            self._guest(guest)
        for line in self.count.lines:
            print(line)
        print(self.count, flush=True)
        return self.count.good

    def _guest(self, guest):
        try:
            self._step(f"{guest.name}: root and image")
            root = roots.provide(guest, build.LOGS / f"{guest.name}-image.log")
            builder = build.Builder(guest, root)
            userspace = guest.userspace and build.has_userspace()
            self._build(f"{guest.name}: build of memhp.ko for {root.kernel}, W={guest.warnings}",
                        builder.kmod)
            if userspace:
                self._build(f"{guest.name}: build of userspace", builder.userspace)
                if not self._only:
                    self._step(f"{guest.name}: unit tests")
                    self.count += junit(f"{guest.name}: unit", builder.unit_tests(), builder.log)
            wanted = self._wanted(guest)
            if wanted:
                self._step(f"{guest.name}: install tree and selftests")
                trees = [(builder.install(), "."), (builder.selftests(), SELFTESTS_IN_GUEST),
                         *self._foreign_userspace(guest, wanted)]
        except StepFailed as error:
            self._failed(f"{guest.name}: {error}", error)
            return
        for item in wanted:
            try:
                more = [(newer.provide(item), ".")] if newer.needed(guest, item) else []
            except StepFailed as error:
                self._failed(f"{guest.name}: {item.name}: {error}", error)
                continue
            self._collection(guest, root, item, [*trees, *more])

    def _foreign_userspace(self, guest, wanted):
        """Userspace from the root of another guest, as trees for payload.write(); none where nothing that
        is wanted has a use for it."""
        if not guest.userspace_of or not build.has_userspace() or \
                not any(item.userspace for item in wanted):
            return []
        other = guests.find(guest.userspace_of)
        self._step(f"{guest.name}: userspace of {other.name}")
        root = roots.provide(other, build.LOGS / f"{other.name}-image.log")
        return [(build.Builder(other, root).install_userspace(), ".")]

    def _wanted(self, guest):
        """What runs on the guest, one boot each."""
        items = [item.long() if self._long else item
                 for item in self._collections if item.runs_on(guest)]
        return collection.boots(items)

    def _build(self, name, function):
        """A build, which is a test as well. Passes StepFailed on, for nothing can follow."""
        self._step(name)
        function()
        if not self._only:
            self.count.add_pass()

    def _collection(self, guest, root, item, trees):
        name = f"{guest.name}-{item.name}"
        self._step(f"{guest.name}: {item.name}")
        evidence = run_collection(root, item, trees, fresh(build.LOGS / name))
        count = verdict.judge(name, evidence)
        if count.failed:
            count.lines.append(f"     logs of {name}: {build.LOGS / name}")
        self.count += count
        print(f"    {item.name}: {count}", flush=True)

    def _step(self, text):
        print(f"[{time.monotonic() - self._begin:5.0f} s] {text}", flush=True)

    def _failed(self, name, error):
        if error.log and pathlib.Path(error.log).is_file():
            print(tail(error.log))
        self.count.add_failure(name)


def run_collection(root, item, trees, directory, sink=print):
    """Boots a guest for a collection and runs it; the Evidence, all of it also in directory."""
    if item.overlay:
        trees = [*trees, (item.overlay, ".")]
    initrd = directory / "initrd"
    payload.write(root, initrd, trees, item.enable)
    evidence = verdict.Evidence(collections=item.names, skips=item.skips,
                                wanted=item.console)
    with cache.locked("guest", lambda: print("waiting for another guest on this machine")):
        try:
            asyncio.run(_guest(root, item, initrd, directory, evidence, sink))
        except StepFailed as error:
            evidence.broken = str(error)
    initrd.unlink()
    evidence.kernel_log += machine.console_lines(directory)
    return evidence


async def _guest(root, item, initrd, directory, evidence, sink):
    async with machine.running(root, item.options, initrd, directory) as guest:
        try:
            await _collect(guest, root, item, directory, evidence, sink)
        except StepFailed:
            evidence.reason, evidence.status = await guest.ended(ENDING_SECONDS)
            raise
        evidence.reason, evidence.status = await guest.power_off()


async def _collect(guest, root, item, directory, evidence, sink):
    state = await guest.booted()
    if state != "running":
        _, units = await guest.run("systemctl --failed --no-legend --plain", 30)
        sink(f"# the boot ended '{state}': {'; '.join(units)}")
    with open(directory / "results.tap", "w", encoding="utf-8", buffering=1) as file:
        def line(text):
            file.write(text + "\n")
            sink(text)
        _, output = await guest.run(
            f"cd /{SELFTESTS_IN_GUEST} && {test_command(item)}", item.timeout, line)
    if root.debug:
        evidence.findings += await findings.end(guest, directory)
    _, dmesg = await guest.run("dmesg", LOG_SECONDS)
    _save(directory / "dmesg.log", dmesg)
    if not guest.bare:
        _, journal = await guest.run("journalctl -b -o short-monotonic --no-pager", LOG_SECONDS)
        _save(directory / "journal.log", journal)
    evidence.kernel_log += dmesg
    evidence.output = output


def test_command(item):
    """The command that runs what one boot is for, with the variables that are passed on."""
    variables = [f"{key}={shlex.quote(os.environ[key])} " for key in PASSED_ON
                 if key in os.environ]
    return item.prepare + "".join(variables) + f"./run_kselftest.sh -c {' -c '.join(item.names)}"


def _save(path, lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def fresh(directory):
    """The directory, emptied."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def tail(path, lines=25):
    """The last lines of a log."""
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def python_tests():
    """The Count of the test machine's own unit tests."""
    folder = str(pathlib.Path(__file__).parent)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        tests = unittest.defaultTestLoader.discover(folder)
        result = unittest.TextTestRunner(stream=output).run(tests)
    count = verdict.Count()
    failed = result.failures + result.errors
    for test, text in failed:
        count.add_failure(f"vm: {test}: {text.strip().splitlines()[-1]}")
    for test, reason in result.skipped:
        count.add_skip(f"vm: {test}: {reason}")
    count.passed = result.testsRun - len({test.id() for test, _ in failed}) - count.skipped
    if not result.testsRun:
        count.add_failure("vm: no unit test was found")
    return count


def junit(name, path, log):
    """The Count of a JUnit report of ctest."""
    count = verdict.Count()
    if not path.exists():
        count.add_failure(f"{name}: ctest left no report (log: {log})")
        return count
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        title = f"{name}: {case.get('name')}"
        status = case.get("status")
        if status == "run" and case.find("failure") is None:
            count.add_pass()
        elif status in ("notrun", "disabled") and case.find("skipped") is not None:
            count.add_skip(f"{title} (unit test)")
        else:
            count.add_failure(f"{title} (log: {log})")
    if not count.passed + count.failed:
        count.add_failure(f"{name}: no unit test was run")
    return count
