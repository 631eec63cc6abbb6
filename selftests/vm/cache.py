# SPDX-License-Identifier: GPL-2.0-only
"""The cache: entries that are built once, whole or not at all, by one process at a time.

An entry is a directory NAME-KEY, KEY being a hash of the content of its recipe. It is built in a
directory of its own and renamed when complete, so that a kill leaves nothing that looks finished.
The variable MEMHP_CACHE moves the cache.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib

import namespace


def directory():
    """The cache directory, created when missing."""
    default = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    path = pathlib.Path(os.environ.get("MEMHP_CACHE") or default / "memhp").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def key(recipe):
    """Hash of a recipe, which is anything that json can write."""
    text = json.dumps(recipe, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextlib.contextmanager
def locked(name, waiting=None):
    """Holds the lock `name` of the cache. Calls waiting() once if another process has it."""
    with open(directory() / f"{name}.lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def entry(name, recipe, build):
    """Path of the entry for this recipe; build(path) fills it if there is none yet.

    Whatever build() raises passes through, and no entry remains."""
    path = directory() / f"{name}-{key(recipe)}"
    if path.exists():
        return path
    with locked(name, lambda: print(f"waiting for another build of {path.name}")):
        if path.exists():
            return path
        partial = path.with_name(name + ".partial")
        remove(partial)
        partial.mkdir()
        build(partial)
        partial.rename(path)
    return path


def remove(path):
    """Removes a directory of the cache, files of other (mapped) users included."""
    if path.exists():
        namespace.run(["rm", "-rf", "--one-file-system", str(path)])
