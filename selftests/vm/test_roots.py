# SPDX-License-Identifier: GPL-2.0-only
"""What goes into the build root of a guest."""
import os
import unittest
from unittest import mock

import guests
import roots


class Fuzz(unittest.TestCase):
    """FUZZ=1 takes a root of its own, with clang."""

    def keys(self, **environment):
        """Where the entry of each guest is, by its name."""
        with mock.patch.dict(os.environ, environment):
            return {guest.name: roots.path(guest) for guest in guests.GUESTS}

    def test_only_the_default_guest_and_what_shares_its_root(self):
        plain, fuzzing = self.keys(FUZZ=""), self.keys(FUZZ="1")
        changed = {name for name in plain if plain[name] != fuzzing[name]}
        shared = {guest.name for guest in guests.GUESTS
                  if guests.base(guest).name == guests.DEFAULT}
        self.assertEqual(changed, shared)
        self.assertEqual(self.keys(FUZZ="0"), plain)


if __name__ == "__main__":
    unittest.main()
