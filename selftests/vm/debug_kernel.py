# SPDX-License-Identifier: GPL-2.0-only
"""The debug kernel: the kernel source of a release, built in its build root to find mistakes.

Its cache entry does not depend on packages other than the source, so that it lasts when lists of
packages change: a build takes minutes.
"""
import functools
import pathlib

import cache
import namespace

_CONFIG = pathlib.Path(__file__).with_name("debug-kernel.config")
_SCRIPT = pathlib.Path(__file__).with_name("debug-kernel.sh")
_FRAGMENT = "debug.config"


def recipe(tree):
    """Everything that determines the debug kernel built in this build root."""
    return ((tree / "usr/src/linux/version").read_text(encoding="ascii").strip(),
            _CONFIG.read_text(encoding="ascii"), _SCRIPT.read_text(encoding="ascii"))


def path(guest, tree):
    """Where the entry with the debug kernel of a guest with this build root is, or will be."""
    return cache.directory() / f"kernel-{guest.name}-{cache.key(recipe(tree))}"


def provide(guest, tree, log):
    """That entry, built if the cache has none. StepFailed names the log."""
    return cache.entry(f"kernel-{guest.name}", recipe(tree),
                       functools.partial(_build, guest.name, tree, log))


def _build(name, tree, log, target):
    version, config, script = recipe(tree)
    print(f"building the debug kernel {version} of {name}, once (log: {log})", flush=True)
    (target / _FRAGMENT).write_text(config, encoding="ascii")
    archive, = (tree / "usr/src").glob("linux-source-*.tar.*")
    namespace.execute(namespace.enter(
        tree, ["sh", "-c", script, _SCRIPT.name, f"/usr/src/{archive.name}",
               f"{namespace.KERNEL}/{_FRAGMENT}", namespace.KERNEL],
        [(target, namespace.KERNEL)]), log)
