# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration: memory comes, is onlined movable, and is given back, step by step."""
import asyncio
import json
import os
import time

import build
import cache
import guests
import machine
import payload
import roots
import suite
from errors import StepFailed

NODE = 1
BLOCKS = 16
SIZE = "2G"
# Emulated, all of it takes about ten seconds.
WAIT_SECONDS = 60
_EVENTS = "/sys/kernel/debug/memhp/events"
# Reads records as they come (one a read) until the last of the blocks is done.
_AWAIT = (f"timeout {WAIT_SECONDS} mawk -W interactive"
          f" '/event=%s /{{ if (++n == {BLOCKS}) exit 0 }}' {_EVENTS}")
# Reads the records that there are, and does not wait for more.
_DRAIN = f"dd if={_EVENTS} iflag=nonblock bs=4k status=none 2>/dev/null"


class Demo:
    """One run of the demonstration; logs in its directory."""

    def __init__(self):
        self._guest = guests.find(guests.DEFAULT)
        self._directory = build.LOGS / "demo"
        self._number = 0
        self._title = ""
        self._begin = time.monotonic()

    def run(self):
        """All steps. StepFailed names the step that failed and the logs."""
        try:
            self._run()
        except StepFailed as error:
            raise StepFailed(f"step {self._number} ({self._title}) failed: {error}",
                             error.log or self._directory) from None
        seconds = time.monotonic() - self._begin
        print(f"\nDone in {seconds:.0f} s; logs: {os.path.relpath(self._directory)}")
        return 0

    def _run(self):
        suite.fresh(self._directory)
        self._step(f"a root and an image of {self._guest.name} (cached after the first time)")
        root = roots.provide(self._guest, build.LOGS / f"{self._guest.name}-image.log")
        self._step("build module and userspace in that root")
        builder = build.Builder(self._guest, root)
        self._command("host$", f"make kmod userspace KVER={root.kernel}")
        builder.kmod()
        builder.userspace()
        self._step("install into the image")
        staged = builder.directory / "install"
        self._command("host$", f"make install KVER={root.kernel} "
                               f"DESTDIR={os.path.relpath(staged)}")
        builder.install()
        for path in sorted(staged.glob("**/*")):
            if path.is_file():
                print(f"    /{path.relative_to(staged)}")
        initrd = self._directory / "initrd"
        payload.write(root, initrd, [(staged, ".")])
        with cache.locked("guest", lambda: print("waiting for another guest on this machine")):
            asyncio.run(self._in_guest(root, initrd))

    async def _in_guest(self, root, initrd):
        self._step("boot a machine: 2 GiB on node 0, none on node 1, which can get memory")
        async with machine.running(root, machine.Options(), initrd, self._directory) as guest:
            await guest.booted()
            await self._run_in(guest, "uname -sr; cat /sys/devices/system/node/has_memory")
            self._step("load the module and start the daemon")
            await self._run_in(guest, "modprobe memhp")
            await self._run_in(guest, "systemctl enable --now memhpd")
            await self._run_in(guest, "memhpctl status")
            self._step(f"the host plugs a DIMM of {SIZE} into node {NODE}")
            name = (await self._host(guest, f"add-dimm {SIZE} --node {NODE}"))[0]
            self._step(f"the daemon onlines its {BLOCKS} blocks as movable")
            await self._run_in(guest, _AWAIT % "online", quiet=True)
            await self._run_in(guest, "memhpctl list")
            self._check_list(await self._run_in(guest, "memhpctl --json list", quiet=True))
            self._step(f"node {NODE} has memory for the first time")
            await self._run_in(guest, "cat /sys/devices/system/node/has_memory")
            await self._run_in(guest, f"{_DRAIN} | grep 'event=node_online .* nid={NODE} '")
            self._step("the host asks for the DIMM back, and gets it")
            await self._host(guest, f"del-dimm {name}")
            await self._host(guest, f"wait-gone {name} {WAIT_SECONDS}")
            print(f"    DEVICE_DELETED {name}")
            await self._run_in(guest, _AWAIT % "offline", quiet=True)
            self._step("what happened, how long it took, and who asked")
            await self._run_in(guest, "memhpctl events")
            self._step("power off")
            reason, status = await guest.power_off()
            if (reason, status) != ("guest-shutdown", 0):
                raise StepFailed(f"the machine ended with {reason}, QEMU with {status}")

    def _step(self, title):
        self._number += 1
        self._title = title
        print(f"\n{self._number}. {title[0].upper()}{title[1:]}", flush=True)

    @staticmethod
    def _command(prompt, text):
        print(f"{prompt} {text}", flush=True)

    async def _host(self, guest, words):
        """A request to the hotplug service, as the host; the lines it gives."""
        self._command("host$", f"hotplug {words}")
        answers = [line.split(" ", 2)[1:] for line in await guest.hotplug.answer(f"demo {words}")]
        if answers[-1] != ["exit", "0"]:
            raise StepFailed("; ".join(text for kind, text in answers if kind == "err"))
        lines = [text for kind, text in answers if kind == "out"]
        for line in lines:
            print(f"    {line}")
        return lines

    async def _run_in(self, guest, command, quiet=False):
        """A command in the guest, which must succeed; the text it prints."""
        if not quiet:
            self._command("guest#", command)
        status, lines = await guest.run(command, 2 * WAIT_SECONDS,
                                        None if quiet else lambda text: print(f"    {text}"))
        if status:
            raise StepFailed(f"'{command}' ended with {status}: {' / '.join(lines[-5:])}")
        return "\n".join(lines)

    def _check_list(self, text):
        """Verifies what memhpctl says of the blocks on the node."""
        try:
            blocks = [block for block in json.loads(text)["blocks"] if block["node"] == NODE]
            right = [block for block in blocks
                     if block["state"] == "online" and block["zone"] == "Movable"]
        except (ValueError, KeyError, TypeError) as error:
            raise StepFailed(f"'memhpctl --json list' cannot be read: {error!r}") from None
        if len(blocks) != BLOCKS or len(right) != BLOCKS:
            raise StepFailed(f"node {NODE} has {len(blocks)} blocks, {len(right)} of them online"
                             f" in zone Movable; {BLOCKS} were expected")
        print(f"    (verified: {BLOCKS} blocks on node {NODE}, all online, all in zone Movable)")
