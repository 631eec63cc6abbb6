# SPDX-License-Identifier: GPL-2.0-only
"""Reads what run_kselftest.sh prints: a line of TAP for each program, and between them, behind
"# ", what the program printed, which may be TAP of its own."""
import dataclasses
import re

_RESULT = re.compile(r"(ok|not ok) +(\d+)(?: +-)?(?: +([^#\s].*?))?(?: +# *(.*))?$")
_SKIP = re.compile(r"SKIP\b:?\s*(.*)$", re.IGNORECASE)
_PLAN = re.compile(r"1\.\.(\d+)(?: +# *SKIP\b *(.*))?$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Test:
    """One result. note: what stands behind "#": the reason of a SKIP, or how it failed."""

    name: str
    ok: bool
    skipped: bool = False
    note: str = ""


@dataclasses.dataclass
class Program:
    """A test program: its own result (None: it has none), and the results within.

    planned is None for a program that prints no plan."""

    name: str
    result: Test = None
    planned: int = None
    tests: list = dataclasses.field(default_factory=list)
    skipped: str = None


@dataclasses.dataclass
class Report:
    """All programs of a run. planned: how many were to run: the sum of the plans, of which older
    frameworks print one for each collection, newer ones one for all."""

    planned: int = 0
    programs: list = dataclasses.field(default_factory=list)


def parse(lines):
    """The Report of an output; lines that are no TAP mean nothing."""
    report = Report()
    current = Program("")
    for line in lines:
        if line.startswith("# "):
            _inner(current, line[2:])
        elif plan := _PLAN.match(line):
            report.planned += int(plan[1])
        elif test := _test(line):
            current.name, current.result = test.name, test
            report.programs.append(current)
            current = Program("")
    if current.tests or current.planned is not None:
        current.name = f"{current.name or 'program'} {len(report.programs) + 1}"
        report.programs.append(current)
    return report


def _inner(program, line):
    if line.startswith("selftests: "):
        program.name = line
    elif plan := _PLAN.match(line):
        program.planned, program.skipped = int(plan[1]), plan[2]
    elif test := _test(line):
        program.tests.append(test)


def _test(line):
    match = _RESULT.match(line)
    if not match:
        return None
    note = match[4] or ""
    skip = _SKIP.match(note)
    # A test that is skipped may have no name: its reason tells it from the others.
    name = match[3] or (skip and skip[1]) or f"test {match[2]}"
    return Test(name, match[1] == "ok", bool(skip), note)
