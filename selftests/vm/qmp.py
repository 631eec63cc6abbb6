# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU machine protocol: commands and events over one connection."""
import asyncio
import json


class QmpError(Exception):
    """QEMU refused a command; the text is QEMU's own."""


class Qmp:
    """A connection to one QEMU. Every line in both directions goes to the log.

    events is the list of all events since the start; waiters are woken at each new one. ended
    becomes true when QEMU closes the connection."""

    def __init__(self, reader, writer, log):
        self.events = []
        self._reader = reader
        self._writer = writer
        self._log = log
        self._news = asyncio.Condition()
        self._replies = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._task = None
        self.ended = False

    async def start(self):
        """Leaves the negotiation mode and begins to receive."""
        self._note("<", await self._reader.readline())
        self._task = asyncio.create_task(self._receive())
        await self.execute("qmp_capabilities")

    async def execute(self, command, **arguments):
        """What a command returns. QmpError when QEMU refuses it or is gone."""
        async with self._turn:
            if self.ended:
                raise QmpError("the machine has ended")
            line = json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"
            self._note(">", line)
            self._writer.write(line)
            reply = await self._replies.get()
        if "error" in reply:
            raise QmpError(reply["error"]["desc"])
        return reply["return"]

    async def wait(self, find, seconds):
        """First result of find() that is not None, tried now and after every event.

        None when the bound passes or the machine ends before."""
        async def loop():
            async with self._news:
                while (found := find()) is None and not self.ended:
                    await self._news.wait()
                return found
        try:
            return await asyncio.wait_for(loop(), seconds)
        except TimeoutError:
            return find()

    async def _receive(self):
        try:
            while line := await self._reader.readline():
                self._note("<", line)
                message = json.loads(line)
                if "event" in message:
                    async with self._news:
                        self.events.append(message)
                        self._news.notify_all()
                else:
                    self._replies.put_nowait(message)
        except ConnectionResetError:
            pass
        finally:
            self.ended = True
            self._replies.put_nowait({"error": {"desc": "the machine has ended"}})
            async with self._news:
                self._news.notify_all()

    def _note(self, direction, line):
        self._log.write(f"{direction} {line.decode().rstrip()}\n")
        self._log.flush()
