# SPDX-License-Identifier: GPL-2.0-only
"""How reports of the unit tests are counted."""
import pathlib
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
