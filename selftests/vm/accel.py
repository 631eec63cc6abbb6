# SPDX-License-Identifier: GPL-2.0-only
"""Whether hardware virtualisation works here: found out by booting a guest with it, once.

/dev/kvm may exist and yet hang every guest (nested machines). The answer is remembered until the
next boot of this machine or another QEMU; MEMHP_ACCEL=kvm or tcg overrides it.
"""
import os
import pathlib
import subprocess

import cache
import payload
from errors import UserError

# A string instruction is emulated step by step: kernels that think bytes are quick clear each page by 4096
# of them.
OPTIONS = {
    "kvm": ("-accel", "kvm", "-cpu", "max"),
    "tcg": ("-accel", "tcg,thread=multi", "-cpu", "max,erms=off,fsrm=off"),
}
QEMU = "qemu-system-x86_64"
# A guest that works says it in under two; longer than this, emulation is as good.
PROBE_SECONDS = 10


def choose(root):
    """"kvm" or "tcg", for a guest with this entry."""
    wanted = os.environ.get("MEMHP_ACCEL", "")
    if wanted:
        if wanted not in OPTIONS:
            raise UserError(f"MEMHP_ACCEL is '{wanted}': set it to kvm or tcg, or not at all")
        return wanted
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    recipe = {"boot": pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"),
              "qemu": version()}
    answer = cache.entry("accel", recipe, lambda path: _probe(root, path)) / "answer"
    return answer.read_text(encoding="ascii").strip()


def version():
    """What this machine's QEMU says of itself; UserError when there is none."""
    try:
        return subprocess.run([QEMU, "--version"], check=True, capture_output=True,
                              text=True).stdout
    except FileNotFoundError:
        raise UserError(f"no {QEMU} here: run 'make vm-setup'") from None


def _probe(root, path):
    initrd = path / "initrd"
    payload.write(root, initrd, [])
    argv = [QEMU, "-no-user-config", "-nodefaults", "-display", "none",
            "-no-reboot", "-machine", "q35", *OPTIONS["kvm"], "-m", "512M",
            "-kernel", str(root.vmlinuz), "-initrd", str(initrd),
            "-append", "console=ttyS0 memhp.probe", "-serial", "stdio"]
    try:
        output = subprocess.run(argv, timeout=PROBE_SECONDS, check=False, capture_output=True,
                                stdin=subprocess.DEVNULL).stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    usable = b"memhp: booted" in output
    if not usable:
        print(f"no guest booted with KVM in {PROBE_SECONDS} s: emulating instead")
    initrd.unlink()
    (path / "answer").write_text("kvm\n" if usable else "tcg\n", encoding="ascii")
