# SPDX-License-Identifier: GPL-2.0-only
"""Makes a bootable image of an unpacked system and an unpacked kernel.

The result, in one directory: root.ext4, vmlinuz, and initramfs, an archive with busybox and the
modules that find the root; the init program comes with the payload of each run (payload.py).
"""
import gzip
import lzma
import shutil

import cpio
import namespace
from errors import StepFailed

# What the initramfs loads, in this order, each with its dependencies.
MODULES = ("virtio_pci", "virtio_blk", "ext4")

# $1 kernel tree, $2 system tree, $3 version, $4 image file
_SCRIPT = """
set -e
modules=$1/usr/lib/modules
[ -d "$modules" ] || modules=$1/lib/modules
mkdir -p "$2/usr/lib/modules" "$2/dev" "$2/proc" "$2/sys" "$2/run"
cp -a "$modules/$3" "$2/usr/lib/modules/"
chroot "$2" depmod "$3"
: >"$2/etc/machine-id"
echo memhp >"$2/etc/hostname"
chroot "$2" passwd -d root
rm -rf "$2"/var/cache/apt/* "$2"/var/lib/apt/lists/*
used=$(du -sm "$2" | cut -f 1)
mke2fs -q -t ext4 -O ^has_journal -d "$2" "$4" "$((used + used / 4 + 512))M"
"""
RECIPE = (MODULES, _SCRIPT)


def build(kernel, tree, target, log):
    """Builds the image in the directory target; returns the release of the kernel."""
    version, vmlinuz = _kernel(kernel, log)
    namespace.run(["sh", "-c", _SCRIPT, "image", str(kernel), str(tree), version,
                   str(target / "root.ext4")], log)
    shutil.copyfile(vmlinuz, target / "vmlinuz")
    modules = tree / "usr/lib/modules" / version
    with open(target / "initramfs", "wb") as file:
        archive = cpio.Archive(file)
        archive.add("bin/busybox", _busybox(kernel).read_bytes(), 0o755)
        order = _load_order(modules)
        for name in order:
            archive.add(f"modules/{version}/{_plain_name(name)}", _unpacked(modules / name, log))
        listing = "".join(_plain_name(name) + "\n" for name in order)
        archive.add(f"modules/{version}/list", listing.encode())
        archive.finish()
    return version


def _kernel(tree, log):
    """(release, path of vmlinuz): below /boot, or since 6.19 beside the modules."""
    found = [(path.name.removeprefix("vmlinuz-"), path) for path in tree.glob("boot/vmlinuz-*")]
    found += [(path.parent.name, path) for path in tree.glob("usr/lib/modules/*/vmlinuz")]
    if len(found) != 1:
        raise StepFailed(f"expected one kernel, found {len(found)}", log)
    return found[0]


def _busybox(tree):
    for name in ("usr/bin/busybox", "bin/busybox"):
        if (tree / name).exists():
            return tree / name
    raise StepFailed("the package busybox-static holds no busybox")


def _load_order(modules):
    """File names of MODULES and what they depend on, dependencies first; built-in ones left out."""
    depends = {}
    for line in (modules / "modules.dep").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        depends[name] = rest.split()
    by_name = {_module_name(path): path for path in depends}
    order = []

    def visit(path):
        if path not in order:
            for needed in depends[path]:
                visit(needed)
            order.append(path)

    for name in MODULES:
        if name in by_name:
            visit(by_name[name])
    return order


def _plain_name(path):
    return path.rsplit("/", 1)[-1].split(".ko", 1)[0] + ".ko"


def _module_name(path):
    return _plain_name(path).removesuffix(".ko").replace("-", "_")


def _unpacked(path, log):
    data = path.read_bytes()
    if path.suffix == ".ko":
        return data
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return namespace.execute(["zstd", "-dc", str(path)], log, stdout=-1).stdout
    raise StepFailed(f"{path.name}: unknown compression", log)
