# SPDX-License-Identifier: GPL-2.0-only
"""The table of guests: which kernels and distributions memhp is tested on.

One line of GUESTS is one machine: a userland, a kernel, a build root, and what is run on it. Kernels
are named by their metapackage, never by an ABI: those pile up and vanish.
"""
import dataclasses

from errors import UserError

ALL = "all"
LATER = "/var/lib/memhp-vm/later"


@dataclasses.dataclass(frozen=True)
class Guest:
    """One test machine.

    release: Debian release of the kernel and of the build root, whose tools build for it.
    kernel: metapackage of the kernel image; "/SUITE" behind it takes it from that suite, which
        must be listed in suites. The headers and the source package follow from its name.
    suites: further suites beside the release itself.
    prefer: the one of the suites whose kernel packages are taken where they are newer.
    userland: release of the booted system; the release itself when empty.
    collections: names of the collections to run booted, ALL, or () to build only.
    install: the target of make that installs what is tested; "install" includes userspace.
    userspace_of: name of the guest in whose root userspace is built for this one, where its userland
        is of that release and its kernel is not.
    default: whether a run in which no kernels are named includes it.
    base: name of the guest whose root and system it shares, with a debug kernel that is built from
        that guest's kernel source; empty for a kernel of the distribution.
    packages: name of a package list for the system, beside the one that all have.
    later: packages that the system holds in LATER, to be installed there by a test.
    warnings: value of W= for the build of the module.
    """

    name: str
    release: str
    kernel: str
    suites: tuple = ()
    prefer: str = ""
    userland: str = ""
    collections: object = ALL
    install: str = "install-kmod"
    userspace_of: str = ""
    default: bool = False
    base: str = ""
    packages: str = ""
    later: tuple = ()
    warnings: str = "1"

    def kernel_package(self, kind):
        """Name of the metapackage of another kind: "headers"."""
        return self.kernel.replace("linux-image", "linux-" + kind, 1)

    def source_package(self):
        """The kernel source package, which holds the kselftest framework and checkpatch."""
        _, slash, suite = self.kernel.partition("/")
        return "linux-source" + slash + suite

    @property
    def userspace(self):
        """Whether userspace is built and installed."""
        return self.install == "install"

    def system(self):
        """The release of the booted system."""
        return self.userland or self.release

    def runs(self, collection):
        """Whether the collection of this name is run on this guest."""
        return self.collections == ALL or collection in self.collections


_MODULE = ("kmod", "memmap", "truth")
_BOOKWORM = Guest("bookworm", "bookworm", "linux-image-cloud-amd64", install="install",
                  default=True)
_TRIXIE = Guest("trixie", "trixie", "linux-image-cloud-amd64", collections=_MODULE,
                userspace_of="full-backports")
_BACKPORTS = dataclasses.replace(
    _TRIXIE, name="trixie-backports", kernel="linux-image-cloud-amd64/trixie-backports",
    suites=("trixie-backports",), default=True)


def _debug(name, guest, default=False):
    """The guest with a debug kernel. Userspace is taken from it, or from where it takes it."""
    return dataclasses.replace(guest, name=name, base=guest.name, default=default,
                               install="install-kmod", collections=("kmod", "truth", "held", "rare"),
                               userspace_of=guest.name if guest.userspace else guest.userspace_of)


GUESTS = (
    _BOOKWORM,
    # The oldest kernel; it cannot keep a memmap on its memory.
    Guest("bullseye", "bullseye", "linux-image-cloud-amd64", userland="bookworm",
          collections=("kmod", "truth", "oldest"), userspace_of="bookworm", default=True),
    _TRIXIE,
    _BACKPORTS,
    # With all of memhp, for benches and whatever is named.
    dataclasses.replace(_BACKPORTS, name="full-backports", collections=ALL, install="install",
                        userspace_of="", default=False),
    # What comes next, with the newest tools: a release candidate where there is one. Not by default: these
    # suites change every day.
    Guest("next", "sid", "linux-image-cloud-amd64", suites=("experimental",),
          prefer="experimental", userland="trixie", collections=_MODULE),
    # Another flavour of the kernel is what comes later.
    Guest("dkms", "bookworm", "linux-image-cloud-amd64", collections=("dkms",),
          install="install-dkms", packages="dkms", later=("linux-headers-amd64",)),
    _debug("debug", _BOOKWORM, default=True),
    _debug("debug-trixie", _TRIXIE),
    _debug("debug-backports", _BACKPORTS),
)

# The guest of the demo, of the shell, and of everything that asks for no other.
DEFAULT = "bookworm"


def find(name):
    """The guest of this name; UserError names the known ones."""
    for guest in GUESTS:
        if guest.name == name:
            return guest
    known = ', '.join(guest.name for guest in GUESTS)
    raise UserError(f"no guest '{name}' (known: {known}, and 'all')")


def select(words):
    """The guests of these names in the order of the table; "all" is each of them.

    No word: those of the default run."""
    if not words:
        return tuple(guest for guest in GUESTS if guest.default)
    named = [find(word) for word in words if word != ALL]
    wanted = GUESTS if ALL in words else named
    return tuple(guest for guest in GUESTS if guest in wanted)


def base(guest):
    """The guest whose root and system this one has: itself, or the base of its debug kernel."""
    return find(guest.base) if guest.base else guest


def has_debug(guest):
    """Whether another guest runs a debug kernel built from this one's kernel source."""
    return any(other.base == guest.name for other in GUESTS)
