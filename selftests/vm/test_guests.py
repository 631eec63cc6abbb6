# SPDX-License-Identifier: GPL-2.0-only
"""The table of guests: names that follow from others, and what is chosen of it."""
import unittest
from unittest import mock

import guests
from errors import UserError

GUEST = guests.Guest("name", "trixie", "linux-image-amd64/extra", suites=("extra",))


class Names(unittest.TestCase):
    """What follows from the names in a line."""

    def test_packages_of_the_same_kernel(self):
        self.assertEqual(GUEST.kernel_package("headers"), "linux-headers-amd64/extra")
        self.assertEqual(GUEST.source_package(), "linux-source/extra")

    def test_every_base_is_in_the_table(self):
        for guest in guests.GUESTS:
            with self.subTest(guest.name):
                self.assertFalse(guests.base(guest).base)

    def test_the_default_guest_is_in_the_default_run(self):
        self.assertIn(guests.find(guests.DEFAULT), guests.select(()))


class Choice(unittest.TestCase):
    """find() and select()."""

    def setUp(self):
        table = tuple(guests.Guest(name, "trixie", "linux-image-amd64", default=name != "b")
                      for name in "abc")
        patched = mock.patch.object(guests, "GUESTS", table)
        patched.start()
        self.addCleanup(patched.stop)

    def names(self, *words):
        """The names that these words choose, in one word."""
        return "".join(guest.name for guest in guests.select(words))

    def test_choices(self):
        cases = {(): "ac", ("b",): "b", ("c", "a"): "ac", ("all",): "abc", ("b", "all"): "abc",
                 ("a", "a"): "a"}
        for words, wanted in cases.items():
            with self.subTest(words):
                self.assertEqual(self.names(*words), wanted)

    def test_an_unknown_name_gets_the_known(self):
        for words in (("d",), ("a", "d"), ("all", "d")):
            with self.subTest(words), self.assertRaisesRegex(UserError, "'d' .known: a, b, c, and"):
                guests.select(words)


if __name__ == "__main__":
    unittest.main()
