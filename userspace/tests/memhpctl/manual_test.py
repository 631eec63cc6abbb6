# SPDX-License-Identifier: GPL-2.0-only
"""The man pages name everything that there is; the examples of --help work.

usage: manual_test.py MEMHPCTL MEMHPD SOURCE [unittest arguments]"""
import pathlib
import re
import shlex
import sys
import tempfile
import unittest

import command_line

MEMHPCTL, MEMHPD, SOURCE = sys.argv[1:4]
PAGES = pathlib.Path(SOURCE) / "Documentation"


def page(name):
    """The source of a man page."""
    return (PAGES / name).read_text(encoding="ascii")


class Manual(unittest.TestCase):
    """What is in a page."""

    def test_every_verb_has_a_section_with_all_its_options(self):
        text = page("memhpctl.8")
        for verb in command_line.verbs(MEMHPCTL):
            with self.subTest(verb=verb.name):
                section = re.search(rf"^\.Ss memhpctl {verb.name}$(.*?)^\.S[sh] ", text,
                                    re.MULTILINE | re.DOTALL)
                self.assertIsNotNone(section, "no .Ss of its own")
                for option in verb.options:
                    self.assertRegex(section[1], rf"(Fl|,) {option[1:]}\b", option)

    def test_no_section_is_about_a_verb_that_is_gone(self):
        known = {verb.name for verb in command_line.verbs(MEMHPCTL)}
        named = set(re.findall(r"^\.Ss memhpctl (.*)$", page("memhpctl.8"), re.MULTILINE))
        self.assertEqual(named - known, set())

    def test_options_of_the_program(self):
        for option in command_line.Verb(MEMHPCTL, []).options:
            self.assertRegex(page("memhpctl.8"), rf"\.It Fl {option[1:]}\b", option)

    def test_findings_of_doctor(self):
        ids = set()
        for path in (pathlib.Path(SOURCE) / "userspace/core/advice").glob("doctor*.cpp"):
            text = path.read_text(encoding="utf-8")
            ids |= set(re.findall(r'(?:Level::\w+|level),\s*"([a-z-]+)",', text))
            ids |= set(re.findall(r'\badd\(\s*"([a-z-]+)",', text))
        self.assertGreater(len(ids), 30)
        section = page("memhpctl.8").split(".Ss memhpctl doctor")[1]
        named = {word for line in re.findall(r"^\.It Li (.*)$", section, re.MULTILINE)
                 for word in line.split(" , ")}
        self.assertEqual(named, ids)

    def test_options_of_the_daemon(self):
        options = re.findall(r"^  (--[a-z-]+)", command_line.run(MEMHPD, "--help").stdout,
                             re.MULTILINE)
        self.assertGreater(len(options), 3)
        for option in options:
            self.assertRegex(page("memhpd.8"), rf"\.It Fl {option[1:]}\b", option)

    def test_every_key_of_the_configuration(self):
        with tempfile.TemporaryDirectory() as directory:
            tree = command_line.Tree(directory)
            shown = command_line.run(MEMHPCTL, "--sysroot", directory, "policy", "show")
            keys = set(re.findall(r"^((?:online|offline|unplug|metrics|hooks)\.\S+)", shown.stdout,
                                  re.MULTILINE))
            tree.write("rule.toml", "[[online.rule]]\nlunch = 1")
            wrong = command_line.run(MEMHPCTL, "policy", "check", directory + "/rule.toml").stderr
        keys |= set(re.search(r"lunch.* known are (.*)", wrong)[1].split(", "))
        self.assertGreater(len(keys), 25)
        named = set(re.findall(r"^\.It Va (\S+)$", page("memhpd.toml.5"), re.MULTILINE))
        self.assertEqual(named, keys)

    def test_parameters_and_files_of_the_module(self):
        kmod = pathlib.Path(SOURCE) / "kmod"
        parameters = re.findall(r"^module_param\((\w+)", (kmod / "main.c").read_text("ascii"),
                                re.MULTILINE)
        named = re.findall(r"^\.It Va (\S+)$", page("memhp.4"), re.MULTILINE)
        self.assertEqual(sorted(named), sorted(parameters))
        files = re.findall(r'debugfs_create_file\("(\w+)"', "".join(
            path.read_text("ascii") for path in kmod.glob("*.c")))
        named = re.findall(r"^\.It Pa (\S+)$", page("memhp.4"), re.MULTILINE)
        self.assertEqual(sorted(named), sorted(files))


class Examples(unittest.TestCase):
    """Each verb's --help has two examples, and they work."""

    # These need a memhpd or a machine that runs, or do not end.
    NOT_RUN = {"cancel 3", "cancel all", "watch", "watch --json", "wait --online 1G --timeout 30s",
               "wait --settled --timeout 5m"}
    CHANGES = {"online", "offline", "eject", "probe"}
    # Of a tree without memhpd: partly done, and something is wrong.
    STATUS = {"metrics": 64, "doctor": 1}

    def test_two_for_each_verb(self):
        for verb in command_line.verbs(MEMHPCTL):
            with self.subTest(verb=verb.name):
                self.assertEqual(len(verb.examples), 2)
                for line in verb.examples:
                    self.assertTrue(line.startswith(f"memhpctl {verb.name}"), line)

    def test_they_work(self):
        lines = [(verb.name, shlex.split(line)[1:]) for verb in command_line.verbs(MEMHPCTL)
                 for line in verb.examples]
        with tempfile.TemporaryDirectory() as directory:
            command_line.Tree(directory)
            for verb, words in lines:
                line = " ".join(words)
                if line in self.NOT_RUN:
                    continue
                more = ["--dry-run"] if verb in self.CHANGES and "--dry-run" not in words else []
                words = [word.replace("/etc/", directory + "/etc/") for word in words]
                with self.subTest(line=line):
                    done = command_line.run(MEMHPCTL, "--sysroot", directory, *words, *more,
                                            cwd=directory)
                    self.assertEqual(done.returncode, self.STATUS.get(verb, 0), done.stderr)
                    self.assertNotEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
