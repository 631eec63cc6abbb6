# SPDX-License-Identifier: GPL-2.0-only
"""The static checks: of the kernel modules on each kernel, in its build root; of everything else in
the root of the default guest. A check that cannot be made there is reported as not run, never as
passed."""
import build
import check_kernel
import guests
import namespace
import roots
import suite
import verdict
from check_kernel import NotRun
from errors import StepFailed


# Each target runs so long, all at the same time.
_FUZZ_SECONDS = 60


class Check:
    """All checks on some guests; run() prints a table of kernels, a line for each other check, and
    the count.

    Without names: on the kernels whose roots the cache has, and on the default guest."""

    def __init__(self, names=()):
        self._guests = guests.select(names or [guests.ALL])
        self._all = bool(names)
        self._logs = suite.fresh(build.LOGS / "check")
        self._count = verdict.Count()
        self._builder = None

    def run(self):
        """Whether every check that was made passed."""
        print("python unit tests", flush=True)
        self._count += suite.python_tests()
        self._kernels()
        default = guests.find(guests.DEFAULT)
        self._builder = _builder(default)
        checks = [("shellcheck", self._shellcheck), ("udevadm verify", self._udev),
                  ("mandoc -T lint", self._manual)]
        if roots.fuzzes(default):
            checks.append(("fuzz targets", self._fuzz))
        for name, function in checks:
            outcome, reason = self._outcome(name, self._logs / (name.split()[0] + ".log"), function)
            print(f"{name}: {outcome}" + (f" ({reason})" if reason else ""), flush=True)
        for line in self._count.lines:
            print(line)
        print(self._count)
        return self._count.good

    def _kernels(self):
        print(_row("kernel", "release", *check_kernel.CHECKS), flush=True)
        for guest in self._guests:
            if not self._all and guest.name != guests.DEFAULT and not roots.complete(guest):
                self._count.skipped += len(check_kernel.CHECKS)
                print(_row(guest.name, "-", *["not run"] * len(check_kernel.CHECKS)))
                print("    it is not in the cache: KERNELS=all builds it")
                continue
            builder = _builder(guest)
            outcomes = []
            for name, function in check_kernel.CHECKS.items():
                log = self._logs / f"{guest.name}-{name.split()[0]}.log"
                outcomes.append(self._outcome(f"{guest.name}: {name}", log,
                                              lambda log, call=function: call(builder, log)))
            print(_row(guest.name, builder.kernel, *(outcome for outcome, _ in outcomes)))
            for name, (_, reason) in zip(check_kernel.CHECKS, outcomes):
                if reason:
                    print(f"    {name}: {reason}")
        print(check_kernel.LEFT_OUT, flush=True)

    def _outcome(self, name, log, function):
        """(outcome, reason or None) of a check, which is also counted."""
        log.write_bytes(b"")
        try:
            function(log)
        except NotRun as reason:
            self._count.skipped += 1
            return "not run", str(reason)
        except StepFailed:
            print(suite.tail(log, 60))
            self._count.add_failure(f"{name} (log: {log})")
            return "failed", None
        self._count.add_pass()
        return "passed", None

    def _shellcheck(self, log):
        files = [name for name in build.sources("**/*") if _is_shell(build.SOURCE / name)]
        self._builder.run(["shellcheck", "--external-sources",
                           *(f"{namespace.SOURCE}/{name}" for name in files)], log)

    def _manual(self, log):
        self._builder.run(["mandoc", "-T", "lint", "-W", "warning",
                           *(f"{namespace.SOURCE}/{name}"
                             for name in build.sources("Documentation/*.[1-9]"))], log)

    def _fuzz(self, log):
        self._builder.run([f"{namespace.SOURCE}/userspace/fuzz/run.sh",
                           f"{namespace.BUILD}/fuzz", str(_FUZZ_SECONDS)], log)

    def _udev(self, log):
        rules = build.sources("udev-rules/*.rules")
        if not rules:
            raise NotRun("there are no rules")
        # verify came with systemd 254: any root that there already is will do.
        for builder in map(_builder, filter(roots.complete, guests.GUESTS)):
            try:
                builder.run(["udevadm", "verify", "--help"], self._logs / "udevadm-help.log")
            except StepFailed:
                continue
            builder.run(["udevadm", "verify", *(f"{namespace.SOURCE}/{name}" for name in rules)],
                        log)
            return
        raise NotRun("no build root has a udevadm that can verify")


def _builder(guest):
    return build.Builder(guest, roots.provide(guest, build.LOGS / f"{guest.name}-image.log"))


def _row(guest, release, *cells):
    return f"{guest:18}{release:30}" + "".join(f"{cell:21}" for cell in cells).rstrip()


def _is_shell(path):
    if path.suffix == ".sh":
        return True
    with open(path, "rb") as file:
        line = file.readline(64)
        # What a shell reads in, without an interpreter's name.
        if file.readline(64).startswith(b"# shellcheck shell="):
            return True
    return line.startswith(b"#!") and line.rstrip().endswith((b"/sh", b" sh", b"/bash", b" bash"))
