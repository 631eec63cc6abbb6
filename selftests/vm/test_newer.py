# SPDX-License-Identifier: GPL-2.0-only
"""Programs of a newer release: which guests get them."""
import unittest

import collection
import guests
import newer


class Needed(unittest.TestCase):
    """needed()."""

    def test_by_a_collection_that_names_some_on_an_older_guest(self):
        item = collection.Collection("name", newer=("varlinkctl",))
        for name, wanted in {"bookworm": True, "bullseye": True, "trixie": False,
                             "full-backports": False, "next": False}.items():
            with self.subTest(name):
                self.assertEqual(newer.needed(guests.find(name), item), wanted)

    def test_by_no_other(self):
        self.assertFalse(newer.needed(guests.find("bookworm"), collection.Collection("name")))


if __name__ == "__main__":
    unittest.main()
