# SPDX-License-Identifier: GPL-2.0-only
"""Programs of a newer release than a guest's, for tests that talk to them.

They come from the build root of another guest, with the libraries and the loader that they need, so
that they run on any older system."""
import build
import guests
import namespace
import roots

# The guest whose release they are of.
SOURCE = "trixie-backports"
_IN_GUEST = "usr/lib/memhp-vm/newer"
# $1 the directory to fill, then names of programs. Each becomes a script that calls the loader.
_COLLECT = """
set -e
place=$1
shift
rm -rf "$place"
lib=$place/%(dir)s
mkdir -p "$lib" "$place/usr/local/bin"
for name; do
	program=$(command -v "$name")
	cp -L "$program" "$lib/$name"
	ldd "$program" | sed -n 's/^.*=> \\(\\/[^ ]*\\) .*/\\1/p' | while read -r library; do
		cp -L "$library" "$lib/"
	done
	cp -L "$(ldd "$program" | sed -n 's/^[[:space:]]*\\(\\/[^ ]*\\) (.*/\\1/p')" "$lib/loader"
	printf '#!/bin/sh\\nexec /%(dir)s/loader --library-path /%(dir)s /%(dir)s/%%s "$@"\\n' \\
		"$name" >"$place/usr/local/bin/$name"
	chmod 755 "$place/usr/local/bin/$name" "$lib/$name" "$lib/loader"
done
""" % {"dir": _IN_GUEST}


def needed(guest, item):
    """Whether the collection wants programs that the guest has not."""
    return bool(item.newer) and guest.system() != guests.find(SOURCE).system()


def provide(item):
    """The programs of a collection as a tree for payload.write(). StepFailed when there is none."""
    source = guests.find(SOURCE)
    build.LOGS.mkdir(parents=True, exist_ok=True)
    root = roots.provide(source, build.LOGS / f"{source.name}-image.log")
    directory = build.BUILD / "newer" / item.name
    namespace.execute(
        root.enter(["sh", "-c", _COLLECT, "collect", f"{namespace.BUILD}/tree", *item.newer],
                   build.SOURCE, directory),
        build.LOGS / f"{item.name}-newer.log")
    return directory / "tree"
