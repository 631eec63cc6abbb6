# SPDX-License-Identifier: GPL-2.0-only
"""memhpctl and input that is no good: wrong words on the command line of every verb, and machines whose
files are missing, cut off, or full of something else. The answer is an exit status that is
documented and a line that says what is wrong; never a crash, a hang or a half output.

usage: bad_input_test.py MEMHPCTL [unittest arguments]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import command_line

MEMHPCTL = sys.argv[1]
# Each file with each content is met by one of so many verbs; the next one by the others.
SHARE = 1 if os.environ.get("LONG") == "1" else 6
DONE, FAILED, USAGE, PARTLY = 0, 1, 2, 64
WORDS = ("", " ", "lunch", "-5", "--", "1.5.5", "99999999999999999999999", "1e300", "0x", "-",
         "node:-1", "%s%n", "\udcff\udcfe", "\x01\x1b[31m", "A" * 100_000, "4G" * 20_000)
# What may stand there without being wrong: a file that could be, a tree without memory.
FREE = {("policy check", "-")}
# These would not end, or ask.
NOT_RUN = {"watch"}
# Nothing happens in a directory for which one could wait; that is said before it is looked at.
LIVE = {"wait"}
MEMORY = "sys/devices/system/memory"
MODULE = "sys/kernel/debug/memhp"


class Machine(unittest.TestCase):
    """A machine in a directory."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        command_line.Tree(self.root)

    def ctl(self, *words):
        """The ended process."""
        return command_line.run(MEMHPCTL, "--sysroot", self.root, *words, errors="replace")

    def commands(self):
        """A command line for each verb that ends by itself, as one that works."""
        target = {"online": ["34", "--dry-run"], "offline": ["32", "--dry-run"],
                  "plan offline": ["32"], "plan add": ["1G"], "cancel": ["1"],
                  "eject": ["PNP0C80:01", "--dry-run"], "probe": ["0x180000000", "--dry-run"],
                  "explain": ["32"], "wait": ["--online", "1G"],
                  "collect": [str(self.root / "machine.tar"), "--force"],
                  "policy check": [str(self.root / "etc/memhp/memhpd.toml")]}
        for verb in command_line.verbs(MEMHPCTL):
            if verb.name not in NOT_RUN:
                yield verb, [*verb.words, *target.get(verb.name, [])]


class CommandLine(Machine):
    """Wrong words."""

    def refused(self, words, statuses=(FAILED, USAGE)):
        """Nothing is done, and a few lines say why."""
        done = self.ctl(*words)
        shown = [word[:40] for word in words]
        self.assertIn(done.returncode, statuses, (shown, done.stderr[:300]))
        self.assertEqual(done.stdout, "", shown)
        self.assertNotEqual(done.stderr.strip(), "", shown)
        self.assertLessEqual(len(done.stderr.splitlines()), 3, shown)

    def test_an_option_that_does_not_exist(self):
        for _, words in self.commands():
            self.refused([*words, "--lunch"], (USAGE,))

    def test_values_of_options(self):
        for verb, words in self.commands():
            for option in verb.with_value:
                self.refused([*words, option], (USAGE,))
                for value in WORDS:
                    self.refused([*words, f"{option}={value}"] if option.startswith("--")
                                 else [*words, option, value])

    def test_words_behind_the_verb(self):
        for verb, words in self.commands():
            for value in WORDS:
                if value == "--" or (verb.name, value) in FREE:
                    continue
                behind = [*verb.words, "--", value] if value.startswith("-") else \
                    [*verb.words, value]
                more = ["--dry-run"] if "--dry-run" in verb.options else []
                self.refused([*behind[:len(verb.words)], *more, *behind[len(verb.words):]])

    def test_what_is_said(self):
        for words, text in (
                (["lits"], "'lits' is no verb"),
                (["policy", "lunch"], "'lunch' is no verb"),
                ([], "A subcommand is required"),
                (["plan", "add", "--lunch"], "size is required"),
                (["events", "--node", "-1"], "'-1' is not a NUMA node"),
                (["events", "--node", "1e5"], "'1e5' is not a NUMA node"),
                (["events", "--node", "4294967296"], "'4294967296' is not a NUMA node"),
                (["list", "memory"], "a number is missing"),
                (["list", "5-"], "a number is missing"),
                (["collect", "/nowhere/x.tar"], "No such file or directory")):
            done = self.ctl(*words)
            self.assertIn(done.returncode, (FAILED, USAGE), words)
            self.assertIn(text, done.stderr, words)

    def test_a_trial_and_what_does_not_go_with_it(self):
        for option in "--no-wait", "--all-or-nothing":
            for more in [], ["--dry-run"]:
                self.refused(["offline", "32", "--trial", option, *more], (USAGE,))

    def test_nothing_where_something_is_needed(self):
        for verb, words in self.commands():
            if len(words) > len(verb.words):
                self.refused(verb.words, (USAGE,))

    def test_one_word_too_many(self):
        for verb, words in self.commands():
            if "target" not in verb.help.split("Options:")[0] and "..." not in verb.help:
                self.refused([*words, "lunch"], (USAGE,))

    def test_trees_that_are_none(self):
        for root in "", "/nowhere/at/all", "/dev/null", str(self.root / "proc/iomem"):
            for verb, words in self.commands():
                if verb.name in {"cancel", "policy check"} | LIVE:
                    continue
                done = command_line.run(MEMHPCTL, "--sysroot", root, *words)
                self.assertEqual(done.returncode, USAGE if root == "" else FAILED,
                                 (root, words, done.stdout))
                self.assertNotEqual(done.stderr, "")

    def test_nobody_reads_what_is_printed(self):
        for _, words in self.commands():
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([MEMHPCTL, "--sysroot", self.root, *words], stdout=full,
                                      stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertGreaterEqual(done.returncode, 0, words)


class Files(Machine):
    """Files that are not as the kernel writes them."""

    PATHS = (
        f"{MEMORY}/block_size_bytes", f"{MEMORY}/auto_online_blocks",
        f"{MEMORY}/memory32/state", f"{MEMORY}/memory32/valid_zones",
        f"{MEMORY}/memory32/node0", f"{MEMORY}/memory32/firmware_node",
        f"{MODULE}/abi", f"{MODULE}/status", f"{MODULE}/blocks", f"{MODULE}/nodes",
        f"{MODULE}/events", f"{MODULE}/latency", f"{MODULE}/pages", "proc/iomem", "proc/meminfo",
        "proc/zoneinfo", "proc/kpageflags", "proc/kpagecount", "memhp-collect/clock",
        "proc/cmdline", "proc/config.gz", "proc/sys/kernel/osrelease", "proc/pressure/memory",
        "sys/devices/system/node/possible", "sys/kernel/security/lockdown",
        "run/memhp/settled.json", "etc/memhp/memhpd.toml", "etc/udev/rules.d/40-x.rules",
        "sys/module/memory_hotplug/parameters/memmap_on_memory",
        "sys/devices/system/node/node0/meminfo", "proc/buddyinfo", "proc/kpagecgroup",
        "proc/7/maps", "proc/7/pagemap",
    )
    CONTENTS = {
        "nothing": b"",
        "words": b"lunch at noon\n",
        "a large number": b"99999999999999999999999999\n",
        "a negative number": b"-1\n",
        "zeros": b"\0" * 4096,
        "no text": bytes(range(256)) * 64,
        "one long line": b"seq=1 " * 100_000,
        "the largest number": b"ffffffffffffffff\n",
        "a fraction of a block": b"1000\n",
        "many lines": b"block=1 state=online\n" * 20_000,
        "deep JSON": b"[" * 100_000,
    }

    def setUp(self):
        super().setUp()
        self._turn = 0

    def _try(self, what):
        self._turn += 1
        for number, (verb, words) in enumerate(self.commands()):
            if (number + self._turn) % SHARE:
                continue
            # What is printed for people comes from the same values.
            for more in ([], ["--json"]) if what[1] in ("nothing", "no text") else (["--json"],):
                done = self.ctl(*words, *more)
                self.assertIn(done.returncode, (DONE, FAILED, USAGE, PARTLY),
                              (what, words, done.stderr[:300]))
                if done.returncode == FAILED and verb.name != "doctor":
                    self.assertNotEqual(done.stderr + done.stdout, "", (what, words))
                if more and done.stdout:
                    json.loads(done.stdout)

    def test_content(self):
        for name in self.PATHS:
            path = self.root / name
            kept = self.root / "kept"
            found = path.is_symlink() or path.exists()
            contents = dict(self.CONTENTS)
            if path.is_file():
                content = path.read_bytes()
                contents["the first half"] = content[:len(content) // 2]
            if found:
                path.rename(kept)
            path.parent.mkdir(parents=True, exist_ok=True)
            for what, content in contents.items():
                path.write_bytes(content)
                self._try((name, what))
            path.unlink()
            self._try((name, "missing"))
            path.mkdir()
            self._try((name, "a directory"))
            path.rmdir()
            # Of the configuration it may be meant.
            if not name.endswith(".toml"):
                os.mkfifo(path)
                self._try((name, "a FIFO"))
                path.unlink()
            path.symlink_to(path.name)
            self._try((name, "a link to itself"))
            path.unlink()
            if found:
                kept.rename(path)

    def test_blocks_beyond_all_addresses_are_none(self):
        before = self.ctl("list", "--json").stdout
        for number in 2**28 - 1, 2**63 - 1, 2**64 - 1, 10**30:
            block = self.root / f"{MEMORY}/memory{number}"
            block.mkdir()
            (block / "state").write_text("online\n", encoding="ascii")
        self.assertEqual(self.ctl("list", "--json").stdout, before)

    def test_an_answer_of_another_form(self):
        answer = self.root / "memhp-collect/status.json"
        answer.parent.mkdir(exist_ok=True)
        for text in '{"status": [1]}', '{"status": {"requests": 7}}', '{"status": {"bounds": []}}', \
                '{"status": {"stuck": {"block": "x"}}}', '[]', '{', '{"status": {"action": 5}}':
            answer.write_text(text, encoding="ascii")
            for words in ["status"], ["status", "--json"], ["metrics"], ["doctor"]:
                done = self.ctl(*words)
                self.assertIn(done.returncode, (DONE, FAILED, PARTLY), (text, words, done.stderr))

    def test_what_is_said(self):
        for name, content, words, text in (
                (f"{MEMORY}/block_size_bytes", "", ["list"], "block_size_bytes holds ''"),
                (f"{MEMORY}/block_size_bytes", "0", ["list"], "holds '0', which is no size"),
                (f"{MEMORY}/block_size_bytes", "1000", ["explain", "32"], "'1000', which is no"),
                (f"{MEMORY}/block_size_bytes", "3000000", ["list"], "'3000000', which is no"),
                (f"{MEMORY}/block_size_bytes", "f" * 16, ["explain", "32"], "which is no size"),
                (f"{MEMORY}/block_size_bytes", "1000000000000", ["explain", "32"],
                 "which is no size"),
                (f"{MODULE}/events", "\x1b[31m", ["events"], "'\\x1b[31m' is no key=value"),
                (f"{MEMORY}/block_size_bytes", "lunch", ["plan", "add", "1G"], "holds 'lunch'"),
                (f"{MODULE}/abi", "99", ["events"], "ABI '99'"),
                (f"{MODULE}/abi", "", ["events"], "ABI ''"),
                ("etc/memhp/memhpd.toml", "[online", ["policy", "show"], "memhpd.toml:1:"),
                ("etc/memhp/memhpd.toml", "[online", ["plan", "add", "1G"], "memhpd.toml:1:")):
            path = self.root / name
            kept = path.read_bytes()
            path.write_text(content, encoding="ascii")
            done = self.ctl(*words)
            self.assertEqual(done.returncode, FAILED, name)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, "")
            path.write_bytes(kept)

    @unittest.skipUnless(os.geteuid() == 0, "needs to become somebody else")
    def test_no_permission(self):
        for name in self.PATHS:
            if (self.root / name).is_file():
                (self.root / name).chmod(0)
        self.root.chmod(0o755)
        for verb, words in self.commands():
            if verb.name in LIVE:
                continue
            # The program itself may be where only root can go.
            done = subprocess.run(
                [MEMHPCTL, "--sysroot", self.root, *words], capture_output=True, text=True,
                timeout=60, check=False, stdin=subprocess.DEVNULL,
                preexec_fn=lambda: os.setresuid(-1, 65534, 65534))  # pylint: disable=W1509
            self.assertIn(done.returncode, (DONE, FAILED, PARTLY), (words, done.stderr))


class Change(Machine):
    """Memory that comes and goes while it is looked at."""

    def test_blocks_that_come_and_go(self):
        directory = self.root / MEMORY
        stop = threading.Event()

        def stir():
            while not stop.is_set():
                (directory / "memory41").rename(directory / "away")
                shutil.copytree(directory / "memory40", directory / "memory50", symlinks=True)
                (directory / "away").rename(directory / "memory41")
                shutil.rmtree(directory / "memory50")

        self._meanwhile(stir, stop, ("list", "status", "plan add"))

    def test_files_that_are_being_written(self):
        files = [path for path in map(self.root.joinpath, Files.PATHS) if path.is_file()]
        contents = [(path, path.read_bytes()) for path in files]
        stop = threading.Event()

        def stir():
            while not stop.is_set():
                for path, content in contents:
                    path.write_bytes(content[:len(content) // 2])
                for path, content in contents:
                    path.write_bytes(content)

        self._meanwhile(stir, stop)

    def _meanwhile(self, stir, stop, work=()):
        """What each verb says while stir runs, until stop is set; these verbs have all they need."""
        thread = threading.Thread(target=stir)
        thread.start()
        try:
            for _ in range(24 // SHARE):
                for verb, words in self.commands():
                    if verb.name in LIVE:
                        continue
                    done = self.ctl(*words)
                    self.assertIn(done.returncode, (DONE, PARTLY, FAILED), done.stderr)
                    if done.returncode == FAILED and verb.name != "doctor":
                        self.assertNotEqual(done.stderr + done.stdout, "", words)
                    if verb.name in work:
                        self.assertEqual(done.returncode, DONE, done.stderr)
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
