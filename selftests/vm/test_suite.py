# SPDX-License-Identifier: GPL-2.0-only
"""How reports of the unit tests are counted, and how a collection is run."""
import os
import pathlib
import tempfile
import unittest
import unittest.mock

import collection
import machine
import suite

REPORT = """<?xml version="1.0"?>
<testsuite tests="4">
 <testcase name="good" status="run"/>
 <testcase name="bad" status="fail"><failure message=""/></testcase>
 <testcase name="left out" status="notrun"><skipped message="SKIP"/></testcase>
 <testcase name="switched off" status="disabled"><skipped message="Disabled"/></testcase>
</testsuite>
"""


class Junit(unittest.TestCase):
    """junit()."""

    def count(self, text):
        """The count of a report with this text, or of none."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "junit.xml"
            if text is not None:
                path.write_text(text, encoding="utf-8")
            found = suite.junit("unit", path, "log")
        return found.passed, found.failed, found.skipped

    def test_each_case_counts(self):
        self.assertEqual(self.count(REPORT), (1, 1, 2))

    def test_no_report_is_a_failure(self):
        self.assertEqual(self.count(None), (0, 1, 0))

    def test_no_test_is_a_failure(self):
        self.assertEqual(self.count("<testsuite/>"), (0, 1, 0))


class Command(unittest.TestCase):
    """test_command()."""

    def test_variables_are_passed_on(self):
        with unittest.mock.patch.dict(os.environ, {"LONG": "1", "TRUTH_SEED": "a b"}, clear=True):
            self.assertEqual(suite.test_command(collection.Collection("truth")),
                             "LONG=1 TRUTH_SEED='a b' ./run_kselftest.sh -c truth")

    def test_several_collections_in_one_boot(self):
        bare = machine.Options(bare=True)
        boot, = collection.boots([collection.Collection("a", bare, True).long(),
                                  collection.Collection("b", bare, True)])
        with unittest.mock.patch.dict(os.environ, {}, clear=True):
            self.assertEqual(suite.test_command(boot), "echo timeout=3600 >>a/settings && "
                             "./run_kselftest.sh -c a -c b")

    def test_others_are_not(self):
        with unittest.mock.patch.dict(os.environ, {"PATH": "/bin"}, clear=True):
            self.assertEqual(suite.test_command(collection.Collection("kmod")), "./run_kselftest.sh -c kmod")


if __name__ == "__main__":
    unittest.main()
