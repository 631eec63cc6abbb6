# SPDX-License-Identifier: GPL-2.0-only
"""The payload of one run: files that the initramfs lays over the root disk before it is started."""
import pathlib
import shutil

import cpio

_GUEST = pathlib.Path(__file__).with_name("guest")
_UNITS = "etc/systemd/system"


def write(root, initrd, trees, enable=()):
    """Writes the initramfs of a run: the cached one, the init program, and the payload.

    trees: (directory, place) pairs; the content of the directory is laid over that place of the
    guest, later ones win. enable: names of systemd units that are enabled."""
    with open(initrd, "wb") as file:
        with open(root.path / "initramfs", "rb") as base:
            shutil.copyfileobj(base, file)
        archive = cpio.Archive(file)
        archive.add("init", (_GUEST / "init").read_bytes(), 0o755)
        for name, place, mode in (
                ("agent", "usr/lib/memhp-vm/agent", 0o755),
                ("bare", "usr/lib/memhp-vm/bare", 0o755),
                ("hotplug", "usr/local/bin/hotplug", 0o755),
                ("memhp-agent.service", f"{_UNITS}/memhp-agent.service", 0o644)):
            archive.add(f"payload/{place}", (_GUEST / name).read_bytes(), mode)
        for tree, place in (*root.overlay, *trees):
            archive.tree(tree, "payload", place)
        archive.add("payload/etc/memhp-vm.units", "".join(
            unit + "\n" for unit in ("memhp-agent.service", *enable)).encode())
        archive.finish()
