# SPDX-License-Identifier: GPL-2.0-only
"""An interactive root shell in a guest with memhp installed, and memory to plug."""
import asyncio
import os
import sys
import termios

import build
import cache
import door
import guests
import machine
import payload
import roots
import suite
from errors import UserError

_HELP = """
A root shell in a Debian machine with memhp installed. In it:
    hotplug add-dimm 1G --node 1    plug a DIMM; prints its id
    hotplug del-dimm dimm1          ask for it back (then: hotplug wait-gone dimm1)
    hotplug virtio-mem 512M         resize the virtio-mem device
    hotplug help                    the other verbs
    poweroff                        leave (at once: Ctrl-A x)
The same from another terminal of this machine: selftests/vm/memhp-vm hotplug VERB …
"""
_OVERLAY = {
    "etc/modules-load.d/memhp.conf": "memhp\n",
    "etc/motd": _HELP,
    "etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf":
        "[Service]\nExecStart=\n"
        "ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200,9600 %I vt220\n",
}


def run(name):
    """Prepares a guest and leaves the user in it; returns when it is off."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UserError("a shell needs a terminal")
    guest = guests.find(name)
    root = roots.provide(guest, build.LOGS / f"{guest.name}-image.log")
    print("building memhp for the guest", flush=True)
    installed = build.Builder(guest, root).everything()
    directory = suite.fresh(door.DIRECTORY)
    overlay = directory / "overlay"
    for path, text in _OVERLAY.items():
        target = overlay / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    enable = [unit for unit in ("memhpd.service",)
              if list(installed.glob(f"**/systemd/system/{unit}"))]
    payload.write(root, directory / "initrd", [(installed, "."), (overlay, ".")], enable)
    print(_HELP + "\nStarting it; this takes a quarter of a minute.", flush=True)
    saved = termios.tcgetattr(sys.stdin)
    try:
        with cache.locked("guest", lambda: print("waiting for another guest on this machine")):
            asyncio.run(_session(root, directory))
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
    print(f"\nThe machine is off; its logs: {os.path.relpath(directory)}")
    return 0


async def _session(root, directory):
    options = machine.Options(append="quiet systemd.show_status=false")
    async with machine.running(root, options, directory / "initrd", directory,
                               machine.terminal_console) as guest:
        async with door.opened(guest.hotplug):
            await guest.ended()
