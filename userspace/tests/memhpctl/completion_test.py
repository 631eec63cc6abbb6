# SPDX-License-Identifier: GPL-2.0-only
"""What bash offers to complete a memhpctl command line, on a machine in a directory.

usage: completion_test.py MEMHPCTL COMPLETION [unittest arguments]"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import command_line

MEMHPCTL, COMPLETION = sys.argv[1:3]
ASK = r"""
set -u
source "$1"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
complete -p memhpctl | grep -q -- '-F _memhpctl '
_memhpctl
[ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""
ROOT_OPTIONS = {"-h", "--help", "--json", "--sysroot"}


class Completion(unittest.TestCase):
    """Lines end where the cursor is; what bash would insert comes back."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name
        command_line.Tree(self.root)

    def offered(self, line):
        """The candidates for a line; {} stands for the root of the machine."""
        done = subprocess.run(
            ["bash", "--norc", "-c", ASK, "ask", COMPLETION, line.replace("{}", self.root)],
            env=dict(os.environ, PATH=f"{pathlib.Path(MEMHPCTL).parent}:{os.environ['PATH']}"),
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def on_machine(self, rest):
        """The same for what follows --sysroot."""
        return self.offered("memhpctl --sysroot {} " + rest)

    def test_verbs(self):
        verbs = {verb.words[0] for verb in command_line.verbs(MEMHPCTL)}
        self.assertEqual(self.offered("memhpctl "), verbs)
        self.assertEqual(self.on_machine(""), verbs)
        self.assertEqual(self.offered("memhpctl off"), {"offline"})
        self.assertEqual(self.offered("memhpctl policy "), {"check", "show"})
        self.assertEqual(self.offered("memhpctl --json plan a"), {"add"})
        self.assertEqual(self.offered("memhpctl lunch"), set())

    def test_options_of_every_verb(self):
        for verb in command_line.verbs(MEMHPCTL):
            line = f"memhpctl {verb.name} -"
            self.assertEqual(self.offered(line), set(verb.options) | ROOT_OPTIONS, line)
        self.assertEqual(self.offered("memhpctl offline 32 --all"), {"--all-or-nothing"})
        self.assertEqual(self.offered("memhpctl -"), ROOT_OPTIONS | {"--version"})

    def test_targets(self):
        for verb in "list", "map", "online", "offline", "explain", "plan offline":
            self.assertEqual(self.on_machine(f"{verb} n"), {"node:"})
            self.assertEqual(self.on_machine(f"{verb} node:"), {"0", "1"})
            self.assertEqual(self.on_machine(f"{verb} zone:m"), {"movable"})
            self.assertEqual(self.on_machine(f"{verb} 3"),
                             {"32-35", "32", "33", "34", "35", "3"})
        self.assertEqual(self.on_machine("offline "),
                         {"all", "node:", "zone:", "device:", "0-3", "32-35", "40-41"})
        self.assertEqual(self.on_machine("offline 32 40"), {"40", "40-41"})

    def test_devices_have_colons_in_their_names(self):
        # bash has cut the word at its colons, and replaces what is behind the last one.
        self.assertEqual(self.on_machine("offline device:"), {"PNP0C80:01", "virtio0"})
        self.assertEqual(self.on_machine("offline device:P"), {"PNP0C80:01"})
        self.assertEqual(self.on_machine("offline device:PNP0C80:"), {"01"})

    def test_values_of_options(self):
        self.assertEqual(self.on_machine("online 34 --zone "), {"movable", "kernel", "auto"})
        self.assertEqual(self.on_machine("plan add 1G --source v"), {"virtio-mem"})
        self.assertEqual(self.on_machine("plan add 1G --node "), {"0", "1"})
        self.assertIn("SOURCE", self.on_machine("list -o "))
        self.assertIn("BLOCK,STATE", self.on_machine("list -o BLOCK,ST"))
        self.assertEqual(self.on_machine("offline 32 --deadline "), set(), "any duration")
        self.assertIn("40-41", self.on_machine("offline --deadline 5m 4"))
        self.assertIn(self.root, self.offered("memhpctl list --sysroot {}"))
        self.assertIn(self.root + "/etc", self.offered("memhpctl policy check {}/e"))
        self.assertEqual(self.offered("memhpctl cancel "), {"all"})

    def test_values_of_the_verbs_that_look(self):
        self.assertEqual(self.on_machine("events --node "), {"0", "1"})
        self.assertEqual(self.on_machine("events --since 10m --block 4"), {"40-41", "40", "41"})
        self.assertEqual(self.on_machine("map --cell "), set(), "any size")
        self.assertEqual(self.on_machine("wait --online "), set(), "any size")
        self.assertEqual(self.on_machine("wait --settled --t"), {"--timeout"})
        self.assertIn(self.root + "/etc", self.offered("memhpctl collect {}/e"))

    def test_devices_to_eject(self):
        self.assertEqual(self.on_machine("eject "), {"PNP0C80:01"}, "virtio-mem cannot be")
        self.assertEqual(self.on_machine("eject PNP0C80:"), {"01"})
        self.assertEqual(self.on_machine("eject --no-wait P"), {"PNP0C80:01"})

    def test_flags_take_no_value(self):
        self.assertIn("40-41", self.on_machine("offline --no-wait 4"))
        self.assertIn("40-41", self.on_machine("offline --trial 4"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
