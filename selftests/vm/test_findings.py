# SPDX-License-Identifier: GPL-2.0-only
"""What a debug kernel says, and that each of its reports fails a run."""
import unittest

import findings
import verdict

# The first as 6.1 prints it, the second as kernels since 6.12 do.
LEAKS = """\
unreferenced object 0xffff88800c3d5a40 (size 128):
  comm "modprobe", pid 312, jiffies 4294762190 (age 21.310s)
  hex dump (first 32 bytes):
    01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01  ................
  backtrace:
    [<ffffffff812f3f10>] __kmem_cache_alloc_node+0x1b0/0x3a0
    [<ffffffffa0005023>] memhp_init+0x23/0x1000 [memhp]
unreferenced object 0xffff88800c3d5b80 (size 64):
  comm "modprobe", pid 312, jiffies 4294762190
  hex dump (first 32 bytes):
    01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01  ................
  backtrace (crc 0):
    __kmalloc_cache_noprof+0x1b0/0x3a0
    memhp_init+0x23/0x1000 [memhp]
""".splitlines()


class Findings(unittest.TestCase):
    """leaks() and locks()."""

    def test_no_leak_is_no_finding(self):
        self.assertEqual(list(findings.leaks([])), [])

    def test_a_leak_is_named_with_its_origin(self):
        for lines, count in ((LEAKS, 2), (LEAKS[7:], 1)):
            with self.subTest(count):
                line, = findings.leaks(lines)
                self.assertTrue(line.startswith(f"kmemleak: {count} leaked, the first"), line)
                self.assertTrue(line.endswith("memhp_init+0x23/0x1000 [memhp]"), line)

    def test_locks_must_be_watched_to_the_end(self):
        self.assertEqual(list(findings.locks([" lock-classes: 1500", " debug_locks:    1"])), [])
        for lines in ([], [" debug_locks:    0"], [" lock-classes: 1"]):
            with self.subTest(lines):
                self.assertEqual(len(list(findings.locks(lines))), 1)


if __name__ == "__main__":
    unittest.main()
