# SPDX-License-Identifier: GPL-2.0-only
"""Which archive serves a guest, and what its sources look like."""
import unittest

import apt
from errors import UserError

MIRROR = "mirror+file:/etc/apt/mirrors/list"


class Apt(unittest.TestCase):
    """parse_targets(), sources(), expired_suites()."""

    def test_the_main_archive_is_taken_among_others(self):
        text = (f"|||https://other\nVendor|Vendor|main|https://vendor\n"
                f"Debian|Debian|contrib|https://contrib\nDebian|Debian|main|{MIRROR}\n"
                "Debian|Debian-Security|main|https://security\n")
        self.assertEqual(apt.parse_targets(text), (MIRROR, "https://security"))

    def test_without_debian_there_is_a_remedy(self):
        for text in ("", "|||https://other\n", "Debian|Debian-Security|main|x\n"):
            with self.subTest(text), self.assertRaisesRegex(UserError, "apt-get update"):
                apt.parse_targets(text)

    def test_sources_of_a_guest(self):
        self.assertEqual(apt.sources("trixie", ("extra",), ("M", "S")), [
            "deb M trixie main", "deb M extra main", "deb S trixie-security main"])
        self.assertEqual(apt.sources("trixie", ("extra",), ("M", None)), [
            "deb M trixie main", "deb M extra main"])
        self.assertEqual(apt.sources("sid", (), ("M", "S")), ["deb M sid main"])

    def test_a_date_is_ignored_for_the_expired_suite_only(self):
        log = ("E: Release file for http://x/debian/dists/extra/InRelease is expired"
               " (invalid since 3d 2h 1min 5s).")
        self.assertEqual(apt.expired_suites(log), {"extra"})
        self.assertEqual(apt.expired_suites("E: Unable to locate package"), set())
        self.assertEqual(apt.sources("trixie", ("extra",), ("M", None), {"extra"}), [
            "deb M trixie main", "deb [check-valid-until=no] M extra main"])

    def test_a_preferred_suite_competes_with_the_release(self):
        text = apt.preferences("extra")
        self.assertIn("Package: linux-*\n", text)
        self.assertIn("Pin: release a=extra\nPin-Priority: 500\n", text)

    def test_local_archives_need_access(self):
        self.assertTrue(apt.needs_file_access(("file:///srv/debian", None)))
        self.assertFalse(apt.needs_file_access((MIRROR, None)))


if __name__ == "__main__":
    unittest.main()
