# SPDX-License-Identifier: GPL-2.0-only
"""The checks of kernel modules, memhp.ko and those that tests load, with the headers and the tools of
one guest. Each is a function of a builder and a log: StepFailed when it finds something, NotRun when
it cannot be made."""
import re

import build
import namespace
import suite
from errors import StepFailed

# Sparse is believed only where it finds this.
_MISTAKE = """
int memhp_planted(int __user *pointer);
int memhp_planted(int __user *pointer) { return *pointer; }
"""
# A path of the kernel's: its headers, also those of a debug kernel, as seen from the build.
_HEADER = re.compile(rf"/usr/|{namespace.KERNEL}/|\./|(arch|include)/")
# Where modules are.
_CODE = ("kmod/*.[ch]", "selftests/*/*/*.[ch]", "include/memhp/*.h")
_CHECKPATCH = ("/usr/src/linux/scripts/checkpatch.pl", "--no-tree", "--strict", "--quiet",
               "--show-types", "--max-line-length=100")
# What is left out where, and why.
_EXCEPT = {
    "kmod/trace.h": ("TRAILING_SEMICOLON,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,MACRO_ARG_UNUSED",
                     "all trace headers of the kernel are written so"),
    "kmod/compat.h": ("LINUX_VERSION_CODE,CONSTANT_COMPARISON,CAMELCASE",
                      "here kernel versions are told apart, by the kernel's own names"),
    "kmod/text.c": ("MACRO_ARG_UNUSED", "it makes names from the lists of abi.h"),
    "include/memhp/abi.h": ("COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_UNUSED",
                            "a list of names is a macro that applies another one"),
}
# kzalloc_obj() is of 7.x only.
_EVERYWHERE = ("--ignore", "ALLOC_WITH_SIZEOF")
LEFT_OUT = "\n".join(f"left out of checkpatch: {types} in {name}, for {reason}"
                     for name, (types, reason) in _EXCEPT.items())


class NotRun(Exception):
    """The check cannot be made here; says why."""


def warnings(builder, log):
    """A build from scratch without a warning, those of modpost included."""
    _make(builder, log, "build", f"W={builder.guest.warnings}", "KCFLAGS=-Werror")
    if found := [line for line in _lines(log) if re.search("warning:", line, re.IGNORECASE)]:
        raise StepFailed(found[0], log)


def sparse(builder, log):
    """Sparse, where it works."""
    copy = _make(builder, log, "sparse", "C=2")
    if found := _complaints(log):
        raise StepFailed(found[0], log)
    planted = log.with_name(log.stem + "-planted.log")
    with open(copy / "kmod/kmod/main.c", "a", encoding="ascii") as file:
        file.write(_MISTAKE)
    planted.write_bytes(b"")
    builder.make("kmod", "C=2", f"BUILD={namespace.BUILD}/{copy.name}", log=planted)
    if not _complaints(planted):
        raise NotRun("it does not find a planted mistake with these headers")


def checkpatch(builder, log):
    """checkpatch --strict, the one of the kernel's source."""
    if builder.guest.base:
        raise NotRun(f"it is the one of {builder.guest.base}")
    files = build.sources(*_CODE)
    plain = [name for name in files if name not in _EXCEPT]
    runs = [((), plain), *((("--ignore", types), [name]) for name, (types, _) in _EXCEPT.items())]
    for options, some in runs:
        builder.run([*_CHECKPATCH, *_EVERYWHERE, *options, "--file",
                     *(f"{namespace.SOURCE}/{name}" for name in some)], log)


CHECKS = {"W=1 build": warnings, "sparse": sparse, "checkpatch --strict": checkpatch}


def _make(builder, log, name, *words):
    """Builds everything in a directory of its own below the builder's; returns that."""
    copy = suite.fresh(builder.directory / f"check-{name}")
    words = (*words, f"BUILD={namespace.BUILD}/{copy.name}")
    builder.make("kmod", *words, log=log)
    builder.make("all", *words, directory="/selftests", log=log)
    return copy


def _lines(log):
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def _complaints(log):
    """What sparse says of our own files; of the kernel's headers it says much."""
    return [line for line in _lines(log)
            if re.search(" (warning|error): ", line) and not _HEADER.match(line)]
