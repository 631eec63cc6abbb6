# SPDX-License-Identifier: GPL-2.0-only
"""The verdict: what passes, and that every single doubt makes a run fail."""
import dataclasses
import unittest

import ktap
import verdict

GOOD = """TAP version 13
1..2
# selftests: kmod: load.sh
# TAP version 13
# 1..2
# ok 1 loads
# ok 2 unloads
ok 1 selftests: kmod: load.sh
# selftests: kmod: plain.sh
# 1..1
# some text, ok 1 not at its start
# ok 1 speaks
ok 2 selftests: kmod: plain.sh
""".splitlines()


def evidence(output=None, **changes):
    """A run in which everything was right, but for the changes."""
    good = verdict.Evidence(output=output or GOOD, kernel_log=["[ 1.0] Linux version"],
                            reason="guest-shutdown", status=0)
    return dataclasses.replace(good, **changes)


def judged(output=None, **changes):
    """(passed, failed, skipped) of such a run."""
    count = verdict.judge("run", evidence(output, **changes))
    return count.passed, count.failed, count.skipped


def replaced(old, new):
    """The good output with one line exchanged, or left out when new is None."""
    assert old in GOOD
    return [new if line == old else line for line in GOOD if line != old or new is not None]


class Verdict(unittest.TestCase):
    """judge() of complete runs, changed in one thing each."""

    def test_good_run_counts_inner_tests_programs_and_the_machine(self):
        self.assertEqual(judged(), (4, 0, 0))

    def test_what_is_wanted_on_the_console_is_there(self):
        self.assertEqual(judged(wanted=("Linux version",)), (4, 0, 0))

    def test_nothing_known_is_failed(self):
        count = verdict.judge("run", verdict.Evidence())
        self.assertFalse(count.good)
        self.assertEqual(count.passed, 0)

    def test_doubts_fail(self):
        doubts = {
            "no result": {"output": None, "broken": "the boot took longer than its bound"},
            "kernel complaint": {"kernel_log": ["[ 9.1] WARNING: CPU: 0 PID: 1 at mm/x.c:1"]},
            "lock report": {"kernel_log": ["WARNING: possible circular locking dependency"]},
            "panic": {"reason": "guest-panic"},
            "silent console": {"wanted": ("Linux version", "memhpd ended: success")},
            "no power-off": {"reason": None},
            "killed": {"status": None},
            "qemu failed": {"status": 1},
        }
        for name, change in doubts.items():
            with self.subTest(name):
                count = verdict.judge("run", dataclasses.replace(evidence(), **change))
                self.assertEqual(count.failed, 1)

    def test_inner_failure_counts_once(self):
        output = replaced("# ok 2 unloads", "# not ok 2 unloads")
        output = [line.replace("ok 1 selftests: kmod: load.sh",
                               "not ok 1 selftests: kmod: load.sh # exit=1")
                  if line.startswith("ok 1") else line for line in output]
        self.assertEqual(judged(output), (3, 1, 0))

    def test_inner_failure_counts_although_the_program_says_ok(self):
        self.assertEqual(judged(replaced("# ok 2 unloads", "# not ok 2 unloads")), (3, 1, 0))

    def test_program_failure_after_good_inner_tests(self):
        output = replaced("ok 1 selftests: kmod: load.sh",
                          "not ok 1 selftests: kmod: load.sh # TIMEOUT 45 seconds")
        self.assertEqual(judged(output), (4, 1, 0))

    def test_missing_tests_fail(self):
        cases = {
            "inner": (replaced("# ok 2 unloads", None), 1),
            "inner plan": (replaced("# 1..2", None), 1),
            "program": (GOOD[:-1], 1),
            "plan": (replaced("1..2", None), 1),
            "program without TAP": ([*GOOD[:-4], GOOD[-1]], 1),
            "plan of none": (["TAP version 13", "1..0"], 1),
            "empty": (["No such collection 'kmod'"], 1),
        }
        for name, (output, failed) in cases.items():
            with self.subTest(name):
                self.assertEqual(judged(output)[1], failed)

    def test_each_collection_has_a_result(self):
        second = ["TAP version 13", "1..1", "# 1..1", "# ok 1 holds", "ok 1 selftests: truth: truth.sh"]
        both = ("kmod", "truth")
        self.assertEqual(judged(GOOD + second, collections=both), (5, 0, 0))
        self.assertEqual(judged(GOOD, collections=both)[1], 1)
        one_plan = replaced("1..2", "1..3") + second[2:]
        self.assertEqual(judged(one_plan, collections=both), (5, 0, 0))

    def test_died_inside_a_program(self):
        self.assertGreaterEqual(judged(GOOD[:6])[1], 2)

    def test_skips_must_be_foreseen(self):
        output = replaced("# ok 2 unloads", "# ok 2 unloads # SKIP no rmmod")
        self.assertEqual(judged(output), (3, 1, 0))
        self.assertEqual(judged(output, skips=("load.sh: unloads",)), (3, 0, 1))
        self.assertEqual(judged(output, skips=("other",)), (3, 1, 0))

    def test_skipped_program(self):
        output = [*GOOD[:-4], "ok 2 selftests: kmod: plain.sh # SKIP"]
        self.assertEqual(judged(output), (3, 1, 0))
        self.assertEqual(judged(output, skips=("plain.sh",)), (3, 0, 1))

    def test_all_skipped_is_not_good(self):
        count = verdict.Count(skipped=3)
        self.assertFalse(count.good)

    def test_summary_line(self):
        self.assertEqual(str(verdict.Count(3, 0)), "3 passed, 0 failed")
        self.assertEqual(str(verdict.Count(3, 1, 2)), "3 passed, 1 failed, 2 skipped")


class Ktap(unittest.TestCase):
    """parse() of single lines."""

    def test_results(self):
        cases = {
            "ok 1 name": ("name", True, False, ""),
            "ok 1 - name": ("name", True, False, ""),
            "not ok 12 a name # exit=1": ("a name", False, False, "exit=1"),
            "ok 3 name # SKIP no host": ("name", True, True, "SKIP no host"),
            "ok 3 # skip": ("test 3", True, True, "skip"),
            "ok 3 # SKIP no host": ("no host", True, True, "SKIP no host"),
            "ok 3 # skipping is fun": ("test 3", True, False, "skipping is fun"),
            "ok 4": ("test 4", True, False, ""),
        }
        for line, wanted in cases.items():
            with self.subTest(line):
                test = ktap.parse(["1..1", line]).programs[0].result
                self.assertEqual((test.name, test.ok, test.skipped, test.note), wanted)

    def test_text_is_no_result(self):
        for line in ("okay 1", "ok", "not ok", "  ok 1 indented", "ok then"):
            with self.subTest(line):
                self.assertEqual(ktap.parse([line]).programs, [])


if __name__ == "__main__":
    unittest.main()
