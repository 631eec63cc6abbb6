# SPDX-License-Identifier: GPL-2.0-only
"""Writes initramfs archives (cpio, format "newc"). Every file belongs to root."""
import os
import stat

# Where /NAME is a symbolic link to /usr/NAME on every release of the table, so that a directory
# laid over it must go to its target.
_MERGED = ("bin", "sbin", "lib")


class Archive:
    """An archive under construction in a binary file; finish() completes it.

    Several archives one after another in a file are one initramfs; later files win."""

    def __init__(self, file):
        self._file = file
        self._inode = 0
        self._seen = set()

    def add(self, name, data, mode=0o644):
        """A regular file. Directories above it are made as needed."""
        self._parents(name)
        self._record(name, stat.S_IFREG | mode, data)

    def tree(self, directory, prefix, place=""):
        """Everything below a directory, as prefix/place/…, with bin, sbin, lib merged into usr."""
        for path, folders, files in os.walk(directory):
            folders.sort()
            relative = os.path.relpath(path, directory)
            if not files and not folders and relative != ".":
                empty = _merged(os.path.normpath(os.path.join(place, relative)))
                self._parents(f"{prefix}/{empty}/.")
            for name in sorted(files) + [f for f in folders if os.path.islink(f"{path}/{f}")]:
                target = _merged(os.path.normpath(os.path.join(place, relative, name)))
                self._path(os.path.join(path, name), f"{prefix}/{target}")

    def finish(self):
        """Writes the trailer."""
        self._record("TRAILER!!!", 0, b"")

    def _path(self, path, name):
        info = os.lstat(path)
        self._parents(name)
        if stat.S_ISLNK(info.st_mode):
            self._record(name, info.st_mode, os.readlink(path).encode())
        else:
            with open(path, "rb") as file:
                self._record(name, info.st_mode, file.read())

    def _parents(self, name):
        parent = os.path.dirname(name)
        if parent and parent not in self._seen:
            self._parents(parent)
            self._seen.add(parent)
            self._record(parent, stat.S_IFDIR | 0o755, b"")

    def _record(self, name, mode, data):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._file.write(_padded(header + encoded))
        self._file.write(_padded(data))


def _merged(name):
    first = name.split("/", 1)[0]
    return "usr/" + name if first in _MERGED else name


def _padded(data):
    return data + b"\0" * (-len(data) % 4)
