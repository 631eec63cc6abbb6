# SPDX-License-Identifier: GPL-2.0-only
"""The table of guests: which kernels and distributions memhp is tested on.

One line of GUESTS is one machine: a userland, a kernel, a build root of the same release, and what
is run on it. Kernels are named by their metapackage, never by an ABI: those pile up and vanish.
"""
import dataclasses

from errors import UserError

ALL = "all"


@dataclasses.dataclass(frozen=True)
class Guest:
    """One test machine.

    release: Debian release of the userland and of the build root.
    kernel: metapackage of the kernel image; "/SUITE" behind it takes it from that suite, which
        must be listed in suites. The headers and the source package follow from its name.
    suites: further suites beside the release itself.
    security: whether the release still has a security archive with its packages.
    collections: names of the collections to run booted, ALL, or () to build only.
    userspace: whether userspace is built and installed; the module always is.
    warnings: value of W= for the build of the module.
    """

    name: str
    release: str
    kernel: str
    suites: tuple = ()
    security: bool = True
    collections: object = ALL
    userspace: bool = True
    warnings: str = "1"

    def kernel_package(self, kind):
        """Name of the metapackage of another kind: "headers"."""
        return self.kernel.replace("linux-image", "linux-" + kind, 1)

    def source_package(self):
        """The kernel source package, which holds the kselftest framework and checkpatch."""
        _, slash, suite = self.kernel.partition("/")
        return "linux-source" + slash + suite

    def runs(self, collection):
        """Whether the collection of this name is run on this guest."""
        return self.collections == ALL or collection in self.collections


GUESTS = (
    Guest("bookworm", "bookworm", "linux-image-cloud-amd64"),
    Guest(
        "trixie-backports",
        "trixie",
        "linux-image-cloud-amd64/trixie-backports",
        suites=("trixie-backports",),
        collections=("kmod", "memmap"),
        userspace=False,
    ),
)

# The guest of the demo, of the shell, and of everything that asks for no other.
DEFAULT = "bookworm"


def find(name):
    """The guest of this name; UserError names the known ones."""
    for guest in GUESTS:
        if guest.name == name:
            return guest
    known = ", ".join(guest.name for guest in GUESTS)
    raise UserError(f"no guest '{name}' (known: {known})")
