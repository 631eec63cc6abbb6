# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU machine: its command line, its life, and the ports through which it is used."""
import asyncio
import contextlib
import dataclasses
import pathlib
import re
import socket
import sys

import emulator
import hotplug
from errors import StepFailed
from qmp import Qmp

# Bounds of a machine that works but is slow (emulated); at them a hung one is ended.
BOOT_SECONDS = 180
POWEROFF_SECONDS = 90
TAIL_LINES = 25
VIRTIO_MEM_SIZE = "8G"
_LINE_LIMIT = 1 << 20
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclasses.dataclass(frozen=True)
class Options:
    """What a machine is made of, beyond its guest.

    memory: size at boot, all on node 0. dimms: (size, node) of DIMMs that are there at boot, with
    the ids boot1, boot2, … append: words for the kernel command line. bare: without systemd and udev.
    balloon: with a memory balloon, which takes nothing until it is asked to."""

    memory: str = "2G"
    dimms: tuple = ()
    append: str = ""
    bare: bool = False
    balloon: bool = False

    def command_line(self):
        """The kernel command line."""
        return " ".join(("console=ttyS0 panic=-1", *["memhp.bare"] * self.bare, self.append)).strip()


def command(root, options, qemu, initrd, console, fds):
    """The QEMU command line. qemu: what it begins with; fds: name → file descriptor of the ports."""
    argv = [
        # The machine must not outlive us.
        "setpriv", "--pdeathsig", "KILL", *qemu, "-no-user-config", "-nodefaults",
        "-display", "none", "-no-reboot", "-machine", "q35", "-smp", "2",
        "-m", f"{options.memory},slots=32,maxmem=600G",
        "-object", f"memory-backend-ram,id=m0,size={options.memory},reserve=off",
        "-numa", "node,nodeid=0,cpus=0-1,memdev=m0", "-numa", "node,nodeid=1",
        "-kernel", str(root.vmlinuz), "-initrd", str(initrd),
        "-append", options.command_line(),
        "-drive", f"file={root.path / 'root.ext4'},if=virtio,format=raw,snapshot=on",
        "-object", f"memory-backend-ram,id=vm0,size={VIRTIO_MEM_SIZE},reserve=off",
        "-device", "virtio-mem-pci,id=vmem0,memdev=vm0,node=0,requested-size=0",
        "-chardev", f"socket,id=qmp,fd={fds['qmp']}", "-mon", "chardev=qmp,mode=control",
        "-device", "virtio-serial-pci", *console, "-serial", "chardev:console",
    ]
    for name in ("control", "hotplug"):
        argv += ["-chardev", f"socket,id={name},fd={fds[name]}",
                 "-device", f"virtserialport,chardev={name},name=memhp.{name}"]
    if options.balloon:
        argv += ["-device", "virtio-balloon-pci"]
    for number, (size, node) in enumerate(options.dimms, 1):
        argv += ["-object", f"memory-backend-ram,id=mem-boot{number},size={size},reserve=off",
                 "-device", f"pc-dimm,id=boot{number},memdev=mem-boot{number},node={node}"]
    return argv


def file_console(directory):
    """A console that is only written to a file."""
    return ["-chardev", f"file,id=console,path={directory / 'console.log'}"]


def terminal_console(directory):
    """A console on the terminal of this process; Ctrl-A x ends the machine."""
    return ["-chardev", f"stdio,id=console,mux=on,signal=off,logfile={directory / 'console.log'}",
            "-mon", "chardev=console,mode=readline"]


class Machine:
    """A running machine. Made by running(); its logs are in directory."""

    def __init__(self, directory, bare, process, qmp, control, service):
        self.directory = directory
        self.bare = bare
        self.hotplug = service
        self._process = process
        self._qmp = qmp
        self._control = control

    async def booted(self):
        """Waits until the guest takes commands and its start-up is over.

        Returns the start-up's verdict: running, or what systemd says instead."""
        await self._line(BOOT_SECONDS, "the boot")
        if self.bare:
            return "running"
        _, lines = await self.run("systemctl is-system-running --wait", BOOT_SECONDS)
        return lines[-1] if lines else "unknown"

    async def run(self, line, seconds, sink=None):
        """Runs a shell command in the guest: (exit status, output lines).

        sink(text) is called for each line as it comes. StepFailed, with the end of the console,
        when it takes longer than the bound or the machine ends."""
        reader, writer = self._control
        if "\n" in line:
            raise ValueError("a command is one line")
        writer.write(line.encode() + b"\n")
        loop = asyncio.get_running_loop()
        end, lines = loop.time() + seconds, []
        while True:
            kind, _, text = (await self._line(end - loop.time(), f"'{line[:60]}'")).partition(" ")
            if kind == "x":
                return int(text), lines
            lines.append(text)
            if sink:
                sink(text)

    async def power_off(self):
        """Lets the guest shut down; (reason that QEMU gives for its end, QEMU's exit status).

        Either is None when it did not come in time; the machine has ended in any case."""
        self._control[1].write(b"poweroff -f\n" if self.bare else b"systemctl poweroff\n")
        return await self.ended(POWEROFF_SECONDS)

    async def ended(self, seconds=None):
        """Waits for the end of the machine; result like power_off()."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return self._reason(), None
        await self._qmp.wait(lambda: None, None)
        return self._reason(), self._process.returncode

    def tail(self):
        """The last lines of the console."""
        return "\n".join(console_lines(self.directory)[-TAIL_LINES:])

    def _reason(self):
        for event in self._qmp.events:
            if event["event"] == "SHUTDOWN":
                return event["data"]["reason"]
        return None

    async def _line(self, seconds, what):
        try:
            line = await asyncio.wait_for(self._control[0].readline(), max(seconds, 0))
        except TimeoutError:
            raise self._broken(f"{what} took longer than its bound") from None
        except (ConnectionResetError, ValueError) as error:
            raise self._broken(f"{what}: {error}") from None
        if not line:
            raise self._broken(f"the machine ended during {what}")
        return line.decode(errors="replace").rstrip("\r\n")

    def _broken(self, message):
        return StepFailed(f"{message}; end of the console:\n{self.tail()}\n", self.directory)


def console_lines(directory):
    """The console so far, without terminal escapes."""
    path = pathlib.Path(directory) / "console.log"
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return [line.rstrip() for line in _ESCAPE.sub("", text).splitlines()]


@contextlib.asynccontextmanager
async def running(root, options, initrd, directory, console=file_console):
    """A machine, started; at the end of the block it is ended if it still runs."""
    qemu = emulator.choose(root).words
    async with contextlib.AsyncExitStack() as stack:
        ours, theirs = {}, {}
        for name in ("qmp", "control", "hotplug"):
            ours[name], theirs[name] = socket.socketpair()
            stack.callback(ours[name].close)
        log = stack.enter_context(open(directory / "qmp.log", "w", encoding="utf-8"))
        errors = stack.enter_context(open(directory / "qemu.log", "wb"))
        argv = command(root, options, qemu, initrd, console(directory),
                       {name: end.fileno() for name, end in theirs.items()})
        interactive = console is terminal_console
        process = await asyncio.create_subprocess_exec(
            *argv, pass_fds=[end.fileno() for end in theirs.values()], stderr=errors,
            stdin=sys.stdin if interactive else asyncio.subprocess.DEVNULL,
            stdout=sys.stdout if interactive else errors)
        stack.push_async_callback(_end, process)
        for end in theirs.values():
            end.close()
        ports = {name: await asyncio.open_connection(sock=end, limit=_LINE_LIMIT)
                 for name, end in ours.items()}
        qmp = Qmp(*ports["qmp"], log)
        try:
            await qmp.start()
        except (ValueError, ConnectionError):
            await process.wait()
            raise StepFailed(f"QEMU did not start: {_first_line(directory / 'qemu.log')}",
                             directory) from None
        dimms = {f"boot{number}": hotplug.Dimm(hotplug.parse_size(size), node, f"mem-boot{number}")
                 for number, (size, node) in enumerate(options.dimms, 1)}
        service = hotplug.Hotplug(qmp, dimms)
        server = asyncio.create_task(hotplug.serve(service, *ports["hotplug"]))
        stack.callback(server.cancel)
        yield Machine(directory, options.bare, process, qmp, ports["control"], service)


async def _end(process):
    if process.returncode is None:
        process.kill()
        await process.wait()


def _first_line(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[0] if lines else "no message"
