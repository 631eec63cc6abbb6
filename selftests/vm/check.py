# SPDX-License-Identifier: GPL-2.0-only
"""The static checks, in the build root of the default guest. A check that cannot be made there is
reported as not run, never as passed."""
import build
import guests
import namespace
import roots
import suite
import verdict
from errors import StepFailed

# Sparse is believed only where it finds this.
_MISTAKE = """
int memhp_planted(int __user *pointer);
int memhp_planted(int __user *pointer) { return *pointer; }
"""
# The style of the kernel's trace headers, which checkpatch does not know.
_TRACE = ("--ignore", "TRAILING_SEMICOLON,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE")


class NotRun(Exception):
    """The check cannot be made here; says why."""


class Check:
    """All checks; run() prints a line for each and the count."""

    def __init__(self):
        guest = guests.find(guests.DEFAULT)
        root = roots.provide(guest, build.LOGS / f"{guest.name}-image.log")
        self._builder = build.Builder(guest, root)
        self._logs = suite.fresh(build.LOGS / "check")

    def run(self):
        """Whether every check that was made passed."""
        count = verdict.Count()
        print("python unit tests", flush=True)
        count += suite.python_tests()
        for name, function in (
                ("checkpatch --strict", self._checkpatch), ("sparse", self._sparse),
                ("shellcheck", self._shellcheck), ("udevadm verify", self._udev)):
            log = self._logs / (name.split()[0] + ".log")
            try:
                function(log)
                count.add_pass()
                print(f"{name}: passed", flush=True)
            except NotRun as reason:
                count.skipped += 1
                print(f"{name}: not run ({reason})", flush=True)
            except StepFailed:
                print(suite.tail(log, 60))
                count.add_failure(f"{name} (log: {log})")
                print(f"{name}: failed", flush=True)
        for line in count.lines:
            print(line)
        print(count)
        return count.good

    def _in_root(self, argv, log):
        self._builder.run(argv, log)

    def _checkpatch(self, log):
        files = _sources("kmod/*.c", "kmod/*.h")
        if not files:
            raise NotRun("there is no module")
        trace = [name for name in files if name.endswith("trace.h")]
        command = ["/usr/src/linux/scripts/checkpatch.pl", "--no-tree", "--strict", "--quiet",
                   "--show-types", "--max-line-length=100"]
        for options, some in ((), [name for name in files if name not in trace]), (_TRACE, trace):
            self._in_root([*command, *options, "--file",
                           *(f"{namespace.SOURCE}/{name}" for name in some)], log)

    def _sparse(self, log):
        if not _sources("kmod/Kbuild"):
            raise NotRun("there is no module")
        copy = self._builder.directory / "sparse"
        arguments = ["make", "-C", namespace.SOURCE, f"BUILD={namespace.BUILD}/sparse",
                     f"KVER={self._builder.kernel}", "kmod", "C=2"]
        suite.fresh(copy)
        self._in_root(arguments, log)
        if complaints := _sparse_lines(log):
            raise StepFailed(complaints[0], log)
        planted = self._logs / "sparse-planted.log"
        with open(copy / "kmod/kmod/main.c", "a", encoding="ascii") as file:
            file.write(_MISTAKE)
        self._in_root(arguments, planted)
        if not _sparse_lines(planted):
            raise NotRun("it does not find a planted mistake with these headers")

    def _shellcheck(self, log):
        files = [name for name in _sources("**/*") if _is_shell(build.SOURCE / name)]
        self._in_root(["shellcheck", "--external-sources",
                       *(f"{namespace.SOURCE}/{name}" for name in files)], log)

    def _udev(self, log):
        rules = _sources("udev-rules/*.rules")
        if not rules:
            raise NotRun("there are no rules")
        # verify came with systemd 254: any root that there already is will do.
        for guest in filter(lambda guest: roots.path(guest).exists(), guests.GUESTS):
            builder = build.Builder(guest, roots.provide(guest, log))
            try:
                builder.run(["udevadm", "verify", "--help"], self._logs / "udevadm-help.log")
            except StepFailed:
                continue
            builder.run(["udevadm", "verify", *(f"{namespace.SOURCE}/{name}" for name in rules)],
                        log)
            return
        raise NotRun("no build root has a udevadm that can verify")


def _sources(*patterns):
    """Files of the source that match, without what is built."""
    found = [path.relative_to(build.SOURCE) for pattern in patterns
             for path in build.SOURCE.glob(pattern) if path.is_file()]
    return sorted(str(path) for path in found
                  if path.parts[0] not in ("build", ".git") and not path.name.endswith(".mod.c"))


def _is_shell(path):
    if path.suffix == ".sh":
        return True
    with open(path, "rb") as file:
        line = file.readline(64)
    return line.startswith(b"#!") and line.rstrip().endswith((b"/sh", b" sh", b"/bash", b" bash"))


def _sparse_lines(log):
    text = log.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if " warning: " in line or " error: " in line]
