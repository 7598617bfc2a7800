"""A pool between engine and PostgreSQL, as PgBouncer is one: sessions for clients, or shared."""

import asyncio
import os
import struct
import threading
from contextlib import suppress
from enum import StrEnum

_HOST = "127.0.0.1"
_KNOWN = {"user", "database", "client_encoding", "datestyle", "timezone", "application_name"}
_START_SECONDS = 5.0


class PoolMode(StrEnum):
    """For how long a client has a server's session to itself."""

    SESSION = "session"
    TRANSACTION = "transaction"


class Pooler:
    """Listens on `port`; refuses, as PgBouncer does, what it can't set for each client anew.

    It has sessions for so many clients. All others are let in, and have to wait for one.
    """

    def __init__(self, *, port: int, target: int, mode: PoolMode, size: int = 100) -> None:
        self.port = port
        self._room = asyncio.Semaphore(size)
        self._greeting = b""
        self._target = target
        self._mode = mode
        self._free: list[_Server] = []
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="pooler", daemon=True)
        self._listening = threading.Event()

    def start(self) -> None:
        """Listen; returns when it does."""
        self._thread.start()
        self._listening.wait(_START_SECONDS)

    def stop(self) -> None:
        """Break everything and end."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        listener = await asyncio.start_server(self._serve, _HOST, self.port)
        self._listening.set()
        await self._over.wait()
        listener.close()
        mine = asyncio.current_task()
        clients = [task for task in asyncio.all_tasks() if task is not mine]
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        for server in self._free:
            await server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either side is gone, or this is stopped
        finally:
            await _closed(writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await _startup(reader, writer)
        if unknown := startup.keys() - _KNOWN:
            writer.write(_error(f"unsupported startup parameter: {unknown.pop()}"))
            return
        if not self._greeting:
            self._free.append(await _Server.opened(self._target, startup))
            self._greeting = self._free[0].greeting
        # with a key of its own, whichever session the client is to have
        writer.write(self._greeting + _message(b"K", os.urandom(8)) + _message(b"Z", b"I"))
        if self._mode is PoolMode.SESSION:
            async with self._room:
                await self._pass_on(startup, reader, writer)
        else:
            await self._pass_on(startup, reader, writer)

    async def _pass_on(
        self, startup: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lent: _Server | None = None
        try:
            while (request := await _request(reader)) is not None:
                lent = lent or await self._lend(startup)
                if await lent.answered(request, writer) and self._mode is PoolMode.TRANSACTION:
                    self._free.append(lent)
                    lent = None
        finally:
            if lent is not None:
                await lent.close()

    async def _lend(self, startup: dict[str, str]) -> "_Server":
        return self._free.pop() if self._free else await _Server.opened(self._target, startup)


class _Server:
    """One session of PostgreSQL, whose server trusts everybody."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.greeting = b""

    @classmethod
    async def opened(cls, port: int, startup: dict[str, str]) -> "_Server":
        server = cls(*await asyncio.open_connection(_HOST, port))
        words = b"".join(f"{name}\0{value}\0".encode() for name, value in startup.items())
        body = struct.pack("!I", 196608) + words + b"\0"
        server._writer.write(struct.pack("!I", len(body) + 4) + body)
        while True:
            kind, message = await _read(server._reader)
            if kind == b"Z":
                return server
            if kind != b"K":
                server.greeting += message

    async def answered(self, request: bytes, client: asyncio.StreamWriter) -> bool:
        """Pass a request on, and its answer back; return whether a transaction is over by then."""
        self._writer.write(request)
        while True:
            kind, message = await _read(self._reader)
            client.write(message)
            if kind == b"Z":
                return message[-1:] == b"I"

    async def close(self) -> None:
        await _closed(self._writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, str]:
    while True:
        (length,) = struct.unpack("!I", await reader.readexactly(4))
        body = await reader.readexactly(length - 4)
        if body[:4] == struct.pack("!I", 196608):
            words = body[4:].decode().split("\0")
            return {k: v for k, v in zip(words[::2], words[1::2], strict=False) if k}
        writer.write(b"N")  # neither TLS nor GSSAPI


async def _request(reader: asyncio.StreamReader) -> bytes | None:
    """Read all up to what the server answers with its state; None at the end."""
    request = b""
    while True:
        kind, message = await _read(reader)
        request += message
        if kind == b"X":
            return None
        if kind in {b"Q", b"S"}:
            return request


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _error(text: str) -> bytes:
    return _message(b"E", f"SFATAL\0VFATAL\0C08P01\0M{text}\0\0".encode())
