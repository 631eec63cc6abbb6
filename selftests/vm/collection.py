# SPDX-License-Identifier: GPL-2.0-only
"""The collections of tests: every folder of selftests/ with a Makefile, and the machine each wants.

A folder may hold machine.toml, every key optional:

    memory = "2G"                       memory at boot, on node 0
    dimms = [{ size = "1G", node = 1 }] DIMMs present at boot: boot1, boot2, …
    append = "word …"                   for the kernel command line
    bare = true                         without systemd and udev: quicker, where only the module is
                                        tested
    shared = true                       in one boot with others of the same machine that say so, as
                                        bare ones always are
    balloon = true                      with a memory balloon
    userspace = true                    bare, and with userspace where the guest has another's
    enable = ["memhpd.service"]         systemd units enabled before the boot
    newer = ["varlinkctl"]              programs that an older guest gets from a newer release
    skips = ["program: test"]           tests that may be skipped: shell patterns of their names
    guests = ["name"]                   guests that it is for; without it, any
    console = ["text"]                  what must be on the console when the machine has ended
    timeout = 600                       seconds for the whole collection
    long_timeout = 3600                 the same when tests run long

and rootfs/, laid over the guest's root before the boot.
"""
import dataclasses
import functools
import pathlib
import tomllib

import build
import machine
from errors import UserError

SELFTESTS = build.SOURCE / "selftests"
_AND = "+"
_NOT_COLLECTIONS = ("vm", "lib", "bench")
_KEYS = {"memory": str, "dimms": list, "append": str, "bare": bool, "shared": bool, "balloon": bool,
         "userspace": bool, "enable": list, "newer": list, "skips": list, "guests": list, "console": list,
         "timeout": int, "long_timeout": int}


@dataclasses.dataclass(frozen=True)
class Collection:
    """What runs in one boot: a collection and what machine.toml says, or several (boots()).

    userspace: userspace is tested, and not the module alone.
    prepare: shell code that goes before the command that runs it."""

    name: str
    options: machine.Options = machine.Options()
    shared: bool = False
    enable: tuple = ()
    newer: tuple = ()
    skips: tuple = ()
    guests: tuple = ()
    console: tuple = ()
    timeout: int = 600
    long_timeout: int = 3600
    overlay: pathlib.Path = None
    userspace: bool = True
    prepare: str = ""

    @property
    def names(self):
        """The names of the collections that run."""
        return tuple(self.name.split(_AND))

    def runs_on(self, guest):
        """Whether it is run on this guest."""
        return guest.runs(self.name) and (not self.guests or guest.name in self.guests)

    def long(self):
        """The same with time for long tests, of which a single program may take all."""
        seconds = self.long_timeout
        return dataclasses.replace(self, timeout=seconds,
                                   prepare=f"echo timeout={seconds} >>{self.name}/settings && ")


def boots(items):
    """The collections by boots of a guest, each a Collection: those that may share one with others of the
    same machine do."""
    shared = {}
    for item in items:
        key = item.name
        if item.shared:
            key = (item.options, item.enable, item.overlay)
        shared.setdefault(key, []).append(item)
    return [functools.reduce(_both, boot) for boot in shared.values()]


def _both(one, other):
    return dataclasses.replace(
        one, name=one.name + _AND + other.name, newer=one.newer + other.newer,
        skips=one.skips + other.skips, console=one.console + other.console,
        userspace=one.userspace or other.userspace,
        timeout=one.timeout + other.timeout, prepare=one.prepare + other.prepare)


def names():
    """The names of all collections."""
    return sorted(path.parent.name for path in SELFTESTS.glob("*/Makefile")
                  if path.parent.name not in _NOT_COLLECTIONS)


def load(name):
    """The collection of this name; UserError when there is none or its machine.toml is wrong."""
    if name not in names():
        raise UserError(f"no collection '{name}' (there are: {', '.join(names()) or 'none'})")
    folder = SELFTESTS / name
    path = folder / "machine.toml"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    overlay = folder / "rootfs"
    return parse(name, text, path, overlay if overlay.is_dir() else None)


def parse(name, text, path, overlay=None):
    """The collection that the text of a machine.toml describes; UserError names path and key."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: {error}") from None
    for key, value in table.items():
        if key not in _KEYS:
            raise UserError(f"{path}: unknown key '{key}' (known: {', '.join(_KEYS)})")
        if not isinstance(value, _KEYS[key]):
            raise UserError(f"{path}: '{key}' must be of type {_KEYS[key].__name__}")
    try:
        dimms = tuple((dimm["size"], dimm["node"]) for dimm in table.get("dimms", ()))
    except (KeyError, TypeError):
        raise UserError(f"{path}: a DIMM is {{ size = \"1G\", node = 1 }}") from None
    options = machine.Options(table.get("memory", "2G"), dimms, table.get("append", ""),
                              table.get("bare", False), table.get("balloon", False))
    return Collection(name, options, options.bare or table.get("shared", False),
                      tuple(table.get("enable", ())),
                      tuple(table.get("newer", ())), tuple(table.get("skips", ())),
                      tuple(table.get("guests", ())), tuple(table.get("console", ())),
                      table.get("timeout", 600),
                      table.get("long_timeout", 3600), overlay,
                      table.get("userspace", not options.bare))
