# SPDX-License-Identifier: GPL-2.0-only
"""The way into the hotplug service of a running machine from another terminal: a socket."""
import asyncio
import contextlib
import os
import socket
import sys

import build
import hotplug
from errors import UserError

DIRECTORY = build.LOGS / "shell"
_NAME = "hotplug.sock"


@contextlib.contextmanager
def _short(directory):
    """A short name of a directory, however long its path is: socket names are limited."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


@contextlib.asynccontextmanager
async def opened(service):
    """Serves a Hotplug on the socket for the duration of the block."""
    path = DIRECTORY / _NAME
    path.unlink(missing_ok=True)
    with _short(DIRECTORY) as directory:
        server = await asyncio.start_unix_server(
            lambda reader, writer: hotplug.serve(service, reader, writer),
            path=f"{directory}/{_NAME}")
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


def ask(words):
    """Sends one request and prints its answer; the exit status it gives.

    UserError when no machine is running."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            with _short(DIRECTORY) as directory:
                client.connect(f"{directory}/{_NAME}")
        except OSError:
            raise UserError("no machine to plug memory into: start one with 'make vm-shell'") \
                from None
        stream = client.makefile("rw", encoding="utf-8")
        stream.write(" ".join(["ask", *words]).replace("\n", " ") + "\n")
        stream.flush()
        for line in stream:
            _, kind, *text = line.rstrip("\n").split(" ", 2)
            if kind == "exit":
                return int(text[0])
            print(*text, file=sys.stderr if kind == "err" else sys.stdout)
    raise UserError("the machine ended before it answered")
