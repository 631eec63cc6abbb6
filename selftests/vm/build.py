# SPDX-License-Identifier: GPL-2.0-only
"""Builds memhp for a guest, inside the build root of the guest's release.

The source is seen read-only; results are in build/GUEST/: kmod, userspace, install (what
`make install` installs) and selftests (the tree with run_kselftest.sh)."""
import os
import pathlib
import shutil

import namespace

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build"
LOGS = BUILD / "vm"


# A clean tree compiles only what has changed since any tree before it. CMake looks for the launcher
# once in the life of a build directory.
_CCACHE = (f"CCACHE_DIR={namespace.COMPILED}", "CCACHE_MAXSIZE=1G", "CMAKE_CXX_COMPILER_LAUNCHER=ccache")


def has_userspace():
    """Whether the source has a userspace to build."""
    return (SOURCE / "userspace/CMakeLists.txt").exists()


def sources(*patterns):
    """Files of the source that match, as strings, without what is built."""
    found = [path.relative_to(SOURCE) for pattern in patterns
             for path in SOURCE.glob(pattern) if path.is_file()]
    return sorted(str(path) for path in found
                  if path.parts[0] not in ("build", ".git") and not path.name.endswith(".mod.c"))


class Builder:
    """Builds for one guest with its entry (roots.Root). Every failure is StepFailed with the log."""

    def __init__(self, guest, root):
        self.guest = guest
        self._root = root
        self.kernel = root.kernel
        self.directory = BUILD / guest.name
        self.log = LOGS / f"{guest.name}-build.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")

    def run(self, argv, log=None, **options):
        """Runs a command in the root; the source is namespace.SOURCE, the results go to BUILD."""
        command = self._root.enter(argv, SOURCE, self.directory)
        return namespace.execute(command, log or self.log, **options)

    def make(self, *words, directory="", log=None):
        """Runs make in a directory of the source; of a variable set twice the last one counts."""
        if self._root.debug:
            words = (f"KDIR={namespace.KERNEL}/build", *words)
        self.run(["env", *_CCACHE, "make", f"-j{os.cpu_count()}", "-C", namespace.SOURCE + directory,
                  f"BUILD={namespace.BUILD}", f"KVER={self.kernel}", *words], log)

    def kmod(self):
        """The module, every warning an error."""
        self.make("kmod", f"W={self.guest.warnings}", "KCFLAGS=-Werror")

    def userspace(self):
        """Daemon, command line and their unit tests, every warning an error."""
        self.make("userspace", "WERROR=ON", "TESTS=ON")

    def install(self):
        """What `make install` installs, staged; returns the directory."""
        staged = self.directory / "install"
        shutil.rmtree(staged, ignore_errors=True)
        target = self.guest.install
        if self.guest.userspace and not has_userspace():
            target = "install-kmod"
        self.make(target, f"DESTDIR={namespace.BUILD}/install", "INSTALL_OPTIONS=--strip")
        return staged

    def install_userspace(self):
        """Userspace alone, built and staged for a guest with another kernel; returns the directory."""
        staged = self.directory / "install-userspace"
        shutil.rmtree(staged, ignore_errors=True)
        self.userspace()
        self.make("install-userspace", f"DESTDIR={namespace.BUILD}/install-userspace",
                  "INSTALL_OPTIONS=--strip")
        return staged

    def everything(self):
        """Builds and stages all that a user installs; returns the directory."""
        self.kmod()
        if self.guest.userspace and has_userspace():
            self.userspace()
        return self.install()

    def selftests(self):
        """The installed tests and their modules; returns the directory."""
        staged = self.directory / "selftests"
        shutil.rmtree(staged, ignore_errors=True)
        self.make("install", f"W={self.guest.warnings}", "KCFLAGS=-Werror", directory="/selftests")
        return staged

    def unit_tests(self):
        """Runs the unit tests; returns the path of the JUnit report."""
        report = self.directory / "userspace/junit.xml"
        report.unlink(missing_ok=True)
        argv = self._root.enter(
            ["env", "LONG=" + os.environ.get("LONG", ""), "ctest", "--test-dir", f"{namespace.BUILD}/userspace", f"-j{os.cpu_count()}",
             "--output-on-failure", "--no-tests=error",
             "--output-junit", f"{namespace.BUILD}/userspace/junit.xml"],
            SOURCE, self.directory)
        namespace.execute(["sh", "-c", '"$@" || :', "ctest", *argv], self.log)
        return report
