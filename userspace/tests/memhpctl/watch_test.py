# SPDX-License-Identifier: GPL-2.0-only
"""memhpctl watch on a terminal, in a pipe, and how it ends. Nothing happens on the machine meanwhile:
what is looked at is the summary.

usage: watch_test.py MEMHPCTL [unittest arguments]"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unittest

if not os.path.exists("/sys/devices/system/memory/block_size_bytes"):
    print("this machine has no memory blocks")
    sys.exit(77)  # CTest takes it for a skip

MEMHPCTL = sys.argv[1]
SUMMARY = re.compile(r"^\S+ of \S+ online \(\d+ of \d+ blocks\)")
PATIENCE = 30


class Watched:
    """memhpctl watch on a terminal of its own. A window has a size before anything runs in it."""

    def __init__(self, columns, **variables):
        self._terminal, end = pty.openpty()
        self._set(columns)
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("COLUMNS", "NO_COLOR")}
        # The session is what the terminal tells of a new size.
        self.process = subprocess.Popen(
            [sys.executable, "-c",
             "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
             "os.execv(sys.argv[1], sys.argv[1:])", MEMHPCTL, "watch"],
            stdin=end, stdout=end, stderr=subprocess.DEVNULL, start_new_session=True,
            env=environment | {"TERM": "xterm"} | variables)
        os.close(end)
        self.text = ""

    def _set(self, columns):
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))

    def resize(self, columns):
        """What it writes from here on is for the new size."""
        self.text = ""
        self._set(columns)

    def _more(self):
        """False at the end."""
        if not select.select([self._terminal], [], [], PATIENCE)[0]:
            raise AssertionError(f"nothing for {PATIENCE} s behind {self.text!r}")
        try:
            got = os.read(self._terminal, 4096)
        except OSError:  # the other end is closed
            return False
        self.text += got.decode()
        return bool(got)

    def line(self, least=1):
        """The line that stands there once it has so many characters."""
        while True:
            found = re.search("\r\033\\[K([^\r\n]{%d,})$" % least, self.text)
            if found:
                return found[1]
            if not self._more():
                raise AssertionError(f"ended behind {self.text!r}")

    def end(self, number):
        """Sends a signal, and gives the exit status and all that was written."""
        self.process.send_signal(number)
        while self._more():
            pass
        os.close(self._terminal)
        return self.process.wait(PATIENCE), self.text


class OnATerminal(unittest.TestCase):
    """The summary below the events."""

    def _watch(self, columns, **variables):
        watched = Watched(columns, **variables)
        self.addCleanup(watched.process.wait)
        self.addCleanup(watched.process.kill)
        return watched

    def test_has_a_summary_until_it_is_interrupted(self):
        for number in signal.SIGINT, signal.SIGTERM:
            watched = self._watch(80)
            self.assertRegex(watched.line(20), SUMMARY)
            status, text = watched.end(number)
            self.assertEqual(status, 0)
            self.assertTrue(text.endswith("\r\n"), "the prompt has a line of its own")

    def test_never_fills_the_line(self):
        whole = len(self._watch(200).line(20))
        for columns in (20, 30):
            self.assertEqual(len(self._watch(columns).line(columns - 1)),
                             min(columns - 1, whole))

    def test_follows_the_size_of_the_window(self):
        watched = self._watch(80)
        self.assertRegex(watched.line(20), SUMMARY)
        watched.resize(15)
        self.assertEqual(len(watched.line(14)), 14)
        watched.resize(100)
        self.assertRegex(watched.line(20), SUMMARY)

    def test_has_no_colours_where_none_are_wanted(self):
        watched = self._watch(80, NO_COLOR="1")
        watched.line(20)
        self.assertEqual(set(re.findall("\033[^a-zA-Z]*[a-zA-Z]", watched.text)), {"\033[K"})

    def test_a_dumb_terminal_has_no_summary(self):
        watched = self._watch(80, TERM="dumb")
        # There is nothing to wait for but that it listens.
        while not _catches(watched.process.pid, signal.SIGTERM):
            pass
        status, text = watched.end(signal.SIGTERM)
        self.assertEqual((status, text), (0, ""))


def _catches(pid, number):
    """Whether the process handles this signal; it blocks what it reads from a descriptor."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        masks = dict(line.split(":", 1) for line in file)
    blocked = int(masks["SigBlk"], 16)
    return blocked & 1 << (number - 1) != 0


class InAPipe(unittest.TestCase):
    """Nobody looks at it."""

    def test_ends_with_its_reader(self):
        for words in ("watch",), ("--json", "watch"):
            reader, writer = os.pipe()
            with subprocess.Popen([MEMHPCTL, *words], stdout=writer,
                                  stderr=subprocess.DEVNULL) as process:
                os.close(writer)
                self.addCleanup(process.kill)
                os.close(reader)
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_writes_nothing_while_nothing_happens(self):
        with subprocess.Popen([MEMHPCTL, "watch"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            self.addCleanup(process.kill)
            while not _catches(process.pid, signal.SIGTERM):
                pass
            process.terminate()
            self.assertEqual(process.communicate(timeout=PATIENCE)[0], b"")
            self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
