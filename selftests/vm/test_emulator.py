# SPDX-License-Identifier: GPL-2.0-only
"""Which QEMU is good enough."""
import unittest

import emulator
from errors import UserError


class GoodEnough(unittest.TestCase):
    """good_enough()."""

    def test_by_version_where_it_emulates(self):
        for version, wanted in {"7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)": False, "8.0.5": False,
                                "8.1.0": True, "8.10.0": True, "10.0.13": True}.items():
            text = f"QEMU emulator version {version}\nCopyright (c) 2003-2022"
            with self.subTest(version):
                self.assertEqual(emulator.good_enough("tcg", text), wanted)
                self.assertTrue(emulator.good_enough("kvm", text))

    def test_no_version(self):
        with self.assertRaisesRegex(UserError, "version: 'lunch'"):
            emulator.good_enough("tcg", "lunch\n")


if __name__ == "__main__":
    unittest.main()
