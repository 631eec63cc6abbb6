# SPDX-License-Identifier: GPL-2.0-only
"""The cache: entries are whole or absent, and the archives of the initramfs are well formed."""
import io
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import cache
import cpio


class Cache(unittest.TestCase):
    """entry() in a directory of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        patched = mock.patch.dict(os.environ, {"MEMHP_CACHE": folder.name})
        patched.start()
        self.addCleanup(patched.stop)
        self.built = []

    def build(self, path):
        """A recipe that works."""
        self.built.append(path)
        (path / "file").write_text("x", encoding="ascii")

    def test_an_entry_is_built_once(self):
        first = cache.entry("name", {"a": 1}, self.build)
        self.assertEqual(cache.entry("name", {"a": 1}, self.build), first)
        self.assertEqual(len(self.built), 1)
        self.assertEqual(first.parent, self.path)
        self.assertTrue((first / "file").exists())

    def test_another_recipe_is_another_entry(self):
        first = cache.entry("name", {"a": 1}, self.build)
        self.assertNotEqual(cache.entry("name", {"a": 2}, self.build), first)

    def test_a_failure_leaves_no_entry(self):
        def fail(path):
            self.build(path)
            raise RuntimeError
        with self.assertRaises(RuntimeError):
            cache.entry("name", 1, fail)
        self.assertFalse((self.path / f"name-{cache.key(1)}").exists())

    def test_what_a_killed_build_left_is_taken_over(self):
        (self.path / "name.partial").mkdir()
        with mock.patch.object(cache, "remove", lambda path: path.exists() and path.rmdir()):
            self.assertTrue((cache.entry("name", 1, self.build) / "file").exists())


class Cpio(unittest.TestCase):
    """Archive."""

    def test_archives_are_aligned_and_hold_parents_first(self):
        file = io.BytesIO()
        archive = cpio.Archive(file)
        archive.add("a/b", b"12345", 0o755)
        archive.finish()
        data = file.getvalue()
        self.assertEqual(len(data) % 4, 0)
        self.assertEqual(data.count(b"070701"), 3)
        self.assertLess(data.index(b"a\0"), data.index(b"a/b\0"))
        self.assertIn(b"000081ed", data)

    def test_trees_follow_the_merged_usr(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "lib/x").mkdir(parents=True)
            (pathlib.Path(folder) / "lib/x/file").write_text("", encoding="ascii")
            (pathlib.Path(folder) / "lib/x/link").symlink_to("file")
            file = io.BytesIO()
            cpio.Archive(file).tree(folder, "payload")
        self.assertIn(b"payload/usr/lib/x/file\0", file.getvalue())
        self.assertIn(b"payload/usr/lib/x/link\0", file.getvalue())
        self.assertNotIn(b"payload/lib", file.getvalue())

    def test_trees_keep_empty_directories(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "etc/empty.d").mkdir(parents=True)
            (pathlib.Path(folder) / "lib/none").mkdir(parents=True)
            file = io.BytesIO()
            cpio.Archive(file).tree(folder, "payload")
        self.assertIn(b"payload/etc/empty.d\0", file.getvalue())
        self.assertIn(b"payload/usr/lib/none\0", file.getvalue())


if __name__ == "__main__":
    unittest.main()
