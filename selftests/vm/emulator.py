# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU that runs the guests: this machine's own, or, where that one emulates badly, a newer
release's, which is unpacked into the cache and runs with its own libraries.
"""
import dataclasses
import functools
import re
import subprocess

import accel
import build
import cache
import guests
import roots
from errors import UserError

# 7.2, that of Debian 12, emulates cmpxchg16b with a segment prefix wrongly: kernels since 6.12 crash in SLUB.
# It is slower too.
GOOD = (8, 1)
# The guest whose release has a good one.
SOURCE = "trixie"
PACKAGE = "qemu-system-x86"


@dataclasses.dataclass(frozen=True)
class Emulator:
    """words: what starts it, the accelerator and the CPU included. accelerator: "kvm" or "tcg"."""

    words: tuple
    accelerator: str

    def version(self):
        """The first line of what it says of itself."""
        done = subprocess.run([*self.words, "--version"], check=True, capture_output=True, text=True)
        return done.stdout.splitlines()[0]


def choose(root):
    """The Emulator for a guest with this entry. StepFailed where a newer one cannot be had."""
    accelerator = accel.choose(root)
    program = (accel.QEMU,)
    if not good_enough(accelerator, accel.version()):
        source = guests.find(SOURCE)
        program = _words(cache.entry("qemu", _recipe(source), functools.partial(_build, source)))
    return Emulator((*program, *accel.OPTIONS[accelerator]), accelerator)


def good_enough(accelerator, text):
    """Whether the QEMU that says this of its version can run guests. UserError when it says none."""
    found = re.search(r"version (\d+)\.(\d+)", text)
    if not found:
        raise UserError(f"{accel.QEMU} does not say its version: '{text.strip()}'")
    return accelerator != "tcg" or tuple(map(int, found.groups())) >= GOOD


def _recipe(source):
    return {"release": source.release, "package": PACKAGE}


def _build(source, target):
    log = build.LOGS / "qemu.log"
    print(f"unpacking {PACKAGE} of {source.release}, once (log: {log})", flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    roots.Bootstrap(source, log).tree(target / "tree", "extract", [PACKAGE],
                                      roots.Archive(source.release))


def _words(entry):
    """The loader of the entry, told where its libraries are, and QEMU, told where its data are."""
    usr = entry / "tree" / "usr"
    libraries = usr / "lib" / "x86_64-linux-gnu"
    return (str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), str(usr / "bin" / accel.QEMU),
            "-L", str(usr / "share" / "qemu"), "-L", str(usr / "share" / "seabios"))
