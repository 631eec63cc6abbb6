# SPDX-License-Identifier: GPL-2.0-only
"""The cache entry of a guest: a build root and a bootable image of one release and one kernel.

Both come from one entry, so that the module is built against the headers of the kernel that runs.
"""
import dataclasses
import functools
import pathlib
import subprocess

import apt
import cache
import image
import namespace
from errors import StepFailed

_LEAN = [
    "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "info")),
]
_FRAMEWORK = pathlib.Path(__file__).with_name("framework.sh")
_PACKAGES = pathlib.Path(__file__).with_name("packages")
_PREPARE = """
set -e
mkdir -p /memhp/src /memhp/build
sh -c "$1" framework.sh /usr/src/linux-source-*.tar.* /usr/src/linux
rm -f /usr/src/linux-source-*.tar.* /usr/src/linux-patch-*
"""


@dataclasses.dataclass(frozen=True)
class Root:
    """A complete entry. kernel: the release (uname -r) that the guest runs."""

    path: pathlib.Path
    kernel: str

    @property
    def tree(self):
        """The build root."""
        return self.path / "root"

    def enter(self, argv, source, build):
        """The command that runs argv in the build root, with a source tree and a build directory."""
        build.mkdir(parents=True, exist_ok=True)
        return namespace.enter(self.tree, argv,
                               [(source, namespace.SOURCE), (build, namespace.BUILD)])


def recipe(guest):
    """Everything that determines the content of a guest's entry."""
    return {
        "suites": (guest.release, *guest.suites, guest.security),
        "build": _build_packages(guest),
        "guest": _packages("guest"),
        "kernel": _kernel_packages(guest),
        "options": _LEAN,
        "prepare": (_PREPARE, _FRAMEWORK.read_text(encoding="ascii")),
        "image": image.RECIPE,
    }


def path(guest):
    """Where the entry of a guest is, or will be."""
    return cache.directory() / f"{guest.name}-{cache.key(recipe(guest))}"


def provide(guest, log):
    """The entry of a guest, built if the cache has none. StepFailed names the log."""
    found = cache.entry(guest.name, recipe(guest), functools.partial(_build, guest, log))
    return Root(found, (found / "kernel").read_text(encoding="ascii").strip())


def _packages(kind):
    """The names in a package list, one a line."""
    lines = (_PACKAGES / kind).read_text(encoding="ascii").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _build_packages(guest):
    return [*_packages("build"), *_packages("test"), guest.kernel_package("headers"),
            guest.source_package()]


def _kernel_packages(guest):
    return (guest.kernel, "busybox-static")


def _build(guest, log, target):
    print(f"building root and image of {guest.name}, once (log: {log})", flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    root, tree, kernel = target / "root", target / "tree", target / "kernel.tree"
    bootstrap = Bootstrap(guest, log)
    bootstrap.tree(root, "minbase", _build_packages(guest))
    namespace.execute(namespace.enter(root, [
        "sh", "-c", _PREPARE, "prepare", _FRAMEWORK.read_text(encoding="ascii")]), log)
    bootstrap.tree(kernel, "extract", _kernel_packages(guest))
    bootstrap.tree(tree, "minbase", _packages("guest"))
    version = image.build(kernel, tree, target, log)
    if not (root / "usr/lib/modules" / version / "build").is_symlink():
        raise StepFailed(f"{guest.name}: the archive has no headers for its kernel {version};"
                         " it may be in the middle of an update", log)
    cache.remove(tree)
    cache.remove(kernel)
    (target / "kernel").write_text(version + "\n", encoding="ascii")


class Bootstrap:
    """mmdebstrap with the sources of one guest. Remembers which suites are past their date."""

    def __init__(self, guest, log):
        self._guest = guest
        self._log = log
        self._uris = apt.archives()
        self._expired = set()

    def tree(self, target, variant, packages):
        """Unpacks a system into the directory target. StepFailed when it cannot be had."""
        target.mkdir()
        start = self._log.stat().st_size
        try:
            self._unpack(target, variant, packages)
        except StepFailed:
            with open(self._log, encoding="utf-8", errors="replace") as file:
                file.seek(start)
                expired = apt.expired_suites(file.read()) - self._expired
            if not expired:
                raise
            print(f"taking {', '.join(sorted(expired))} although its Release file is out of date")
            self._expired |= expired
            cache.remove(target)
            target.mkdir()
            self._unpack(target, variant, packages)

    def _unpack(self, target, variant, packages):
        argv = ["mmdebstrap", f"--variant={variant}", "--format=tar", *_LEAN,
                "--include=" + ",".join(packages)]
        if apt.needs_file_access(self._uris):
            argv.append("--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount")
        argv += [self._guest.release, "-", *apt.sources(self._guest, self._uris, self._expired)]
        unpack = [*namespace.prefix(), "tar", "-x", "-C", str(target), "--exclude=./dev/*"]
        with open(self._log, "ab") as log, \
                subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as source:
            done = subprocess.run(unpack, stdin=source.stdout, stdout=log, stderr=log, check=False)
            source.stdout.close()
        if source.returncode or done.returncode:
            raise StepFailed(f"mmdebstrap of {self._guest.name} ({variant}) failed", self._log)
