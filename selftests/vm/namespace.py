# SPDX-License-Identifier: GPL-2.0-only
"""Running commands as the (mapped) root of mount and pid namespaces, if wanted inside a root.

Works for root and, through subordinate user ids (package uidmap), for everybody else.
"""
import os
import subprocess

from errors import StepFailed

# Where a root shows the source tree, the build directory, the cache of compilations, and the entry of
# a debug kernel.
SOURCE = "/memhp/src"
BUILD = "/memhp/build"
COMPILED = "/memhp/compiled"
KERNEL = "/memhp/kernel"

# $1 root, then pairs "outside inside" up to "--", then the command. The source is made read-only
# where the kernel permits it: a guard against builds that write into it, not a need.
_ENTER = """
set -e
root=$1
shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom; do
	touch "$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
while [ "$1" != -- ]; do
	mount --bind "$1" "$root$2"
	[ "$2" != /memhp/src ] || mount -o remount,bind,ro "$root$2" 2>/dev/null || :
	shift 2
done
shift
cd /
exec chroot "$root" "$@"
"""


def prefix():
    """The command that starts another one in namespaces of its own, as root there."""
    words = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        words += ["--map-root-user", "--map-auto"]
    return words


def enter(root, argv, binds=()):
    """The command that runs argv inside the root; binds are (outside, inside) pairs."""
    pairs = [str(part) for pair in binds for part in pair]
    environment = ["env", "-i", "HOME=/tmp", "LC_ALL=C.UTF-8",
                   "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    return [*prefix(), "sh", "-c", _ENTER, "enter", str(root), *pairs, "--", *environment, *argv]


def run(argv, log=None, **options):
    """Runs argv in namespaces. With a log, output goes there (appended).

    StepFailed when it fails."""
    return execute([*prefix(), *argv], log, **options)


def execute(argv, log=None, **options):
    """Runs argv as it is; otherwise like run()."""
    if log is None:
        return _check(subprocess.run(argv, check=False, **options), argv, None)
    with open(log, "ab") as file:
        done = subprocess.run(argv, check=False, stdout=options.pop("stdout", file),
                              stderr=file, **options)
    return _check(done, argv, log)


def _check(done, argv, log):
    if done.returncode:
        name = " ".join(argv).replace(_ENTER, "…").splitlines()[0][:160]
        raise StepFailed(f"'{name}' failed with {done.returncode}", log)
    return done
