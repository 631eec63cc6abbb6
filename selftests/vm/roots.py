# SPDX-License-Identifier: GPL-2.0-only
"""The cache entry of a guest: a build root and a bootable image of one release and one kernel.

Both come from one entry, so that the module is built against the headers of the kernel that runs.
A debug kernel is an entry of its own beside them (debug_kernel.py).
"""
import dataclasses
import functools
import os
import pathlib
import shlex
import subprocess

import apt
import cache
import debug_kernel
import guests
import image
import namespace
from errors import StepFailed

_LEAN = [
    "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "info")),
]
_FRAMEWORK = pathlib.Path(__file__).with_name("framework.sh")
_PACKAGES = pathlib.Path(__file__).with_name("packages")
_PREFER = 'printf %%s %s >"$1/etc/apt/preferences.d/kernel"'
# Fetches packages into the system, with what they depend on.
_FETCH = """
set -e
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get install --yes --download-only %s
mkdir -p "$1%s"
mv "$1"/var/cache/apt/archives/*.deb "$1%s/"
"""
_PREPARE = """
set -e
mkdir -p /memhp/src /memhp/build /memhp/compiled /memhp/kernel
sh -c "$1" framework.sh /usr/src/linux-source-*.tar.* /usr/src/linux
dpkg-query -W -f '${Version}\n' 'linux-source-*' >/usr/src/linux/version
[ "$2" = keep ] || rm -f /usr/src/linux-source-*.tar.*
rm -f /usr/src/linux-patch-*
# Debian's headers lack it where they call it, and then pass over sparse.
for headers in /usr/src/linux-headers-*-common; do
	[ ! -e /usr/src/linux/scripts/checker-valid.sh ] ||
		cp /usr/src/linux/scripts/checker-valid.sh "$headers/scripts/"
done
"""


@dataclasses.dataclass(frozen=True)
class Root:
    """A complete entry. kernel: the release (uname -r) that the guest runs.

    debug: the entry of the debug kernel that it runs instead of the one in the image."""

    path: pathlib.Path
    kernel: str
    debug: pathlib.Path = None

    @property
    def tree(self):
        """The build root."""
        return self.path / "root"

    @property
    def vmlinuz(self):
        """The kernel to boot."""
        return (self.debug or self.path) / "vmlinuz"

    @property
    def overlay(self):
        """What belongs to the system and is not in the image: trees for payload.write()."""
        return [(self.debug / "modules", ".")] if self.debug else []

    def enter(self, argv, source, build):
        """The command that runs argv in the build root, with a source tree and a build directory."""
        compiled = cache.directory() / "compiled"
        for directory in build, compiled:
            directory.mkdir(parents=True, exist_ok=True)
        binds = [(source, namespace.SOURCE), (build, namespace.BUILD),
                 (compiled, namespace.COMPILED)]
        if self.debug:
            binds.append((self.debug, namespace.KERNEL))
        return namespace.enter(self.tree, argv, binds)


def recipe(guest):
    """Everything that determines the content of a guest's entry."""
    return {
        "suites": (guest.release, *guest.suites, guest.prefer, guest.system(), _PREFER),
        "build": _build_packages(guest),
        "guest": (_system_packages(guest), guest.later and (_FETCH, guest.later)),
        "kernel": _kernel_packages(guest),
        "options": _LEAN,
        "prepare": _prepare(guest),
        "image": image.RECIPE,
    }


def path(guest):
    """Where the entry of a guest is, or will be."""
    base = guests.base(guest)
    return cache.directory() / f"{base.name}-{cache.key(recipe(base))}"


def complete(guest):
    """Whether provide() has nothing to build."""
    found = path(guest)
    return found.exists() and (
        not guest.base or debug_kernel.path(guests.base(guest), found / "root").exists())


def provide(guest, log):
    """The entry of a guest, built if the cache has none. StepFailed names the log."""
    base = guests.base(guest)
    found = cache.entry(base.name, recipe(base), functools.partial(_build, base, log))
    root = Root(found, _release(found))
    if not guest.base:
        return root
    kernel = debug_kernel.provide(base, root.tree, log)
    return dataclasses.replace(root, kernel=_release(kernel), debug=kernel)


def _release(entry):
    return (entry / "kernel").read_text(encoding="ascii").strip()


def fuzzes(guest):
    """Whether FUZZ=1 is set and this is the guest in whose root fuzz targets are built."""
    return os.environ.get("FUZZ") == "1" and guest.name == guests.DEFAULT


def _packages(kind):
    """The names in a package list, one a line."""
    lines = (_PACKAGES / kind).read_text(encoding="ascii").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _build_packages(guest):
    lists = ["kmod", "test"]
    if guest.userspace:
        lists += ["userspace", "userspace-test"]
    if guests.has_debug(guest):
        lists.append("debug-kernel")
    if fuzzes(guest):
        lists.append("fuzz")
    return [*(name for kind in lists for name in _packages(kind)),
            guest.kernel_package("headers"), guest.source_package()]


def _system_packages(guest):
    """Of the booted system."""
    lists = ["guest"]
    own = []
    if guest.userspace or guest.userspace_of:
        lists.append("guest-userspace")
    if guest.packages:
        lists.append(guest.packages)
        own.append(guest.kernel_package("headers"))
    return [*(name for kind in lists for name in _packages(kind)), *own]


def _kernel_packages(guest):
    return (guest.kernel, "busybox-static")


def _prepare(guest):
    return ["sh", "-c", _PREPARE, "prepare", _FRAMEWORK.read_text(encoding="ascii"),
            "keep" if guests.has_debug(guest) else ""]


def _build(guest, log, target):
    print(f"building root and image of {guest.name}, once (log: {log})", flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    root, tree, kernel = target / "root", target / "tree", target / "kernel.tree"
    bootstrap = Bootstrap(guest, log)
    own = Archive(guest.release, guest.suites, guest.prefer)
    bootstrap.tree(root, "minbase", _build_packages(guest), own)
    namespace.execute(namespace.enter(root, _prepare(guest)), log)
    bootstrap.tree(kernel, "extract", _kernel_packages(guest), own)
    hook = _FETCH % (" ".join(guest.later), guests.LATER, guests.LATER) if guest.later else ""
    bootstrap.tree(tree, "minbase", _system_packages(guest), Archive(guest.system()), hook)
    version = image.build(kernel, tree, target, log)
    if not (root / "lib/modules" / version / "build").is_symlink():
        raise StepFailed(f"{guest.name}: the archive has no headers for its kernel {version};"
                         " it may be in the middle of an update", log)
    cache.remove(tree)
    cache.remove(kernel)
    (target / "kernel").write_text(version + "\n", encoding="ascii")


@dataclasses.dataclass(frozen=True)
class Archive:
    """Where packages come from: a release, further suites, the one whose kernel is preferred."""

    release: str
    suites: tuple = ()
    prefer: str = ""


class Bootstrap:
    """mmdebstrap for one guest. Remembers which suites are past their date."""

    def __init__(self, guest, log):
        self._name = guest.name
        self._log = log
        self._uris = apt.archives()
        self._expired = set()

    def tree(self, target, variant, packages, archive, hook=""):
        """Unpacks a system into the directory target; at the end the hook runs on it.

        StepFailed when it cannot be had."""
        target.mkdir()
        start = self._log.stat().st_size
        try:
            self._unpack(target, variant, packages, archive, hook)
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
            self._unpack(target, variant, packages, archive, hook)

    def _unpack(self, target, variant, packages, archive, hook):
        argv = ["mmdebstrap", f"--variant={variant}", "--format=tar", *_LEAN,
                "--include=" + ",".join(packages)]
        if apt.needs_file_access(self._uris):
            argv.append("--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount")
        if archive.prefer:
            argv.append(f"--setup-hook={_PREFER % shlex.quote(apt.preferences(archive.prefer))}")
        if hook:
            argv.append("--customize-hook=" + hook)
        argv += [archive.release, "-",
                 *apt.sources(archive.release, archive.suites, self._uris, self._expired)]
        unpack = [*namespace.prefix(), "tar", "-x", "-C", str(target), "--exclude=./dev/*"]
        with open(self._log, "ab") as log, \
                subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as source:
            done = subprocess.run(unpack, stdin=source.stdout, stdout=log, stderr=log, check=False)
            source.stdout.close()
        if source.returncode or done.returncode:
            raise StepFailed(f"mmdebstrap of {self._name} ({variant}, {archive.release}) failed",
                             self._log)
