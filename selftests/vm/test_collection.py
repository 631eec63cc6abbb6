# SPDX-License-Identifier: GPL-2.0-only
"""machine.toml: what it can say, and that mistakes are named."""
import dataclasses
import unittest

import collection
import guests
import machine
from errors import UserError


def parsed(text):
    """The collection that the text describes."""
    return collection.parse("name", text, "machine.toml")


class Collection(unittest.TestCase):
    """parse()."""

    def test_nothing_said(self):
        self.assertEqual(parsed(""), collection.Collection("name"))

    def test_everything_said(self):
        found = parsed('memory = "4G"\ndimms = [{ size = "1G", node = 1 }]\nappend = "a=b"\nbare = true\n'
                       'balloon = true\nuserspace = true\n'
                       'enable = ["x.service"]\nnewer = ["y"]\nskips = ["t"]\nguests = ["g"]\n'
                       'console = ["c"]\ntimeout = 9\nlong_timeout = 99\n')
        self.assertEqual(found.options, machine.Options("4G", (("1G", 1),), "a=b", True, True))
        self.assertTrue(found.userspace)
        self.assertEqual((found.enable, found.newer), (("x.service",), ("y",)))
        self.assertEqual((found.skips, found.guests), (("t",), ("g",)))
        self.assertEqual(found.console, ("c",))
        self.assertEqual((found.timeout, found.long().timeout), (9, 99))

    def test_bare_ones_test_the_module_alone_unless_they_say_otherwise(self):
        self.assertTrue(parsed("").userspace)
        self.assertFalse(parsed("bare = true").userspace)
        both, = collection.boots([parsed("bare = true"), parsed("bare = true\nuserspace = true")])
        self.assertTrue(both.userspace)

    def test_mistakes_name_file_and_key(self):
        cases = {
            "speed = 1": "machine.toml: unknown key 'speed'",
            "memory = 1": "machine.toml: 'memory' must be",
            "dimms = [1]": "machine.toml: a DIMM is",
            "dimms = [{ size = '1G' }]": "machine.toml: a DIMM is",
            "= 1": "machine.toml: ",
        }
        for text, message in cases.items():
            with self.subTest(text), self.assertRaisesRegex(UserError, message):
                parsed(text)

    def test_every_collection_of_the_source_is_right(self):
        for name in collection.names():
            with self.subTest(name):
                self.assertEqual(collection.load(name).name, name)

    def test_a_bare_one_that_wants_userspace_runs_where_there_is_one(self):
        for item in map(collection.load, collection.names()):
            for guest in filter(item.runs_on, guests.GUESTS):
                if item.options.bare and item.userspace:
                    with self.subTest(item.name, guest=guest.name):
                        self.assertTrue(guest.userspace or guest.userspace_of)

    def test_guests_of_a_collection(self):
        guest = guests.Guest("g", "trixie", "linux-image-amd64")
        self.assertTrue(parsed("").runs_on(guest))
        self.assertTrue(parsed("guests = ['f', 'g']").runs_on(guest))
        self.assertFalse(parsed("guests = ['f']").runs_on(guest))
        self.assertFalse(parsed("").runs_on(dataclasses.replace(guest, collections=("other",))))

    def test_who_shares_a_boot(self):
        self.assertTrue(parsed("bare = true").shared)
        self.assertTrue(parsed("shared = true").shared)
        self.assertFalse(parsed("").shared)
        bare = machine.Options(bare=True)
        items = [collection.Collection("a", bare, True, skips=("s",), timeout=1),
                 collection.Collection("b"),
                 collection.Collection("c", bare, True, skips=("t",), timeout=2),
                 collection.Collection("d"),
                 collection.Collection("e", machine.Options("4G", bare=True), True),
                 collection.Collection("f", shared=True),
                 collection.Collection("g", shared=True, newer=("n",)),
                 collection.Collection("h", shared=True, enable=("u",))]
        found = collection.boots(items)
        self.assertEqual([boot.names for boot in found],
                         [("a", "c"), ("b",), ("d",), ("e",), ("f", "g"), ("h",)])
        self.assertEqual((found[0].skips, found[0].timeout), (("s", "t"), 3))
        self.assertEqual(found[4].newer, ("n",))

    def test_unknown_collection(self):
        with self.assertRaisesRegex(UserError, "no collection 'vm'"):
            collection.load("vm")


if __name__ == "__main__":
    unittest.main()
