# SPDX-License-Identifier: GPL-2.0-only
"""Judges a run in a guest. A run has failed until everything proves the contrary: the results came
and are complete, nothing was skipped unforeseen, the kernel had no complaint, and the machine went
down in order."""
import dataclasses
import fnmatch
import re

import ktap

_COMPLAINT = re.compile(
    r"\bBUG\b|WARNING:|\bOops\b|Call Trace|KASAN:|UBSAN:|ODEBUG:|Kernel panic"
    r"|general protection fault|possible (circular|recursive) locking|inconsistent lock state"
    r"|suspicious RCU usage|trying to register non-static key|detected stalls"
    r"|self-detected stall|blocked for more than|unreferenced object"
)


@dataclasses.dataclass
class Count:
    """Tests counted, with a line for each that failed or was skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    lines: list = dataclasses.field(default_factory=list)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.lines += other.lines
        return self

    def add_pass(self):
        """One test passed."""
        self.passed += 1

    def add_failure(self, line):
        """One test failed; the line says which and how."""
        self.failed += 1
        self.lines.append("FAIL " + line)

    def add_skip(self, line):
        """One test was skipped; the line says which and why."""
        self.skipped += 1
        self.lines.append("SKIP " + line)

    @property
    def good(self):
        """Something passed and nothing failed."""
        return self.passed > 0 and self.failed == 0

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


@dataclasses.dataclass
class Evidence:
    """What a run left behind.

    collections: names of those that were to run. output: lines of run_kselftest.sh, None when it did not end.
    skips: patterns of the names that may be skipped. kernel_log: lines of console and dmesg. wanted: texts
    each of which must be in one of these lines. findings: what a debug kernel found that is not in its log. reason and status: how QEMU says that the machine ended, and its exit status,
    None when it had to be killed. broken: what made the run end early, if anything."""

    collections: tuple = ()
    output: list = None
    skips: tuple = ()
    kernel_log: list = dataclasses.field(default_factory=list)
    wanted: tuple = ()
    findings: list = dataclasses.field(default_factory=list)
    reason: str = None
    status: int = None
    broken: str = None


def judge(name, evidence):
    """The Count of a run: its tests, and the machine itself as one more."""
    count = _tests(name, evidence)
    problems = list(_machine(evidence))
    if problems:
        count.add_failure(f"{name}: machine: " + "; ".join(problems))
    else:
        count.add_pass()
    return count


def complaints(lines):
    """The lines of a kernel log that no good run has."""
    return [line for line in lines if _COMPLAINT.search(line)]


def _machine(evidence):
    if evidence.broken:
        yield evidence.broken
    elif evidence.output is None:
        yield "no result arrived"
    found = complaints(evidence.kernel_log)
    if found:
        yield f"the kernel complained: {found[0].strip()}"
    for text in evidence.wanted:
        if not any(text in line for line in evidence.kernel_log):
            yield f"the console lacks '{text}'"
    yield from evidence.findings
    if evidence.reason != "guest-shutdown":
        yield f"no clean power-off ({evidence.reason or 'none in time'})"
    if evidence.status != 0:
        yield "QEMU did not end in time" if evidence.status is None else \
            f"QEMU ended with {evidence.status}"


def _tests(name, evidence):
    count = Count()
    report = ktap.parse(evidence.output or ())
    if evidence.output is not None:
        if not report.planned:
            count.add_failure(f"{name}: no test was planned")
        elif report.planned != len(report.programs):
            count.add_failure(f"{name}: {report.planned} programs planned,"
                              f" {len(report.programs)} have a result")
        for missing in evidence.collections:
            if not any(program.name.startswith(f"selftests: {missing}: ")
                       for program in report.programs):
                count.add_failure(f"{name}: no result of collection {missing}")
    for program in report.programs:
        _program(count, name, program, evidence.skips)
    return count


def _program(count, run, program, skips):
    name = f"{run}: {program.name.removeprefix('selftests: ')}"
    own = program.result
    if program.planned is None and not program.tests:
        if own.ok and not own.skipped:
            # All programs print TAP: that of this one was lost.
            own = dataclasses.replace(own, ok=False, note="none of its results arrived")
        _one(count, name, own, skips)
        return
    if program.planned == 0:
        _one(count, name, ktap.Test(name, True, True, program.skipped or "nothing planned"), skips)
    for test in program.tests:
        _one(count, f"{name}: {test.name}", test, skips)
    if program.planned != len(program.tests):
        count.add_failure(f"{name}: {program.planned} tests planned, {len(program.tests)} ran")
    elif own is None:
        count.add_failure(f"{name}: has no result of its own")
    elif not own.ok and all(test.ok for test in program.tests):
        count.add_failure(f"{name}: {own.note or 'failed'}")


def _one(count, name, test, skips):
    if not test.ok:
        count.add_failure(f"{name} ({test.note})" if test.note else name)
    elif not test.skipped:
        count.add_pass()
    elif any(fnmatch.fnmatch(name, f"*{pattern}*") for pattern in skips):
        count.add_skip(f"{name} ({test.note})")
    else:
        reason = re.sub(r"(?i)^skip:?\s*", "", test.note)
        count.add_failure(f"{name}: unexpected SKIP ({reason or 'no reason given'})")
