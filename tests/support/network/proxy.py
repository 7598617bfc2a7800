"""A TCP proxy that can fail as networks do: cut, silent, slow, or deaf to what comes back."""

import asyncio
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum

_HOST = "127.0.0.1"
_CHUNK = 65_536
_START_SECONDS = 60.0
_RESET = struct.pack("ii", 1, 0)  # linger for no time: the other side gets a reset, not an end


class Flow(StrEnum):
    """What the proxy does with connections, old and new.

    OPEN: everything goes through. CUT: connections break, new ones too. SILENT: they stay open and
    nothing goes through, as when a firewall has forgotten them. MUTE: requests go through, replies
    do not.
    """

    OPEN = "open"
    CUT = "cut"
    SILENT = "silent"
    MUTE = "mute"


class Proxy:
    """Passes `port` on to `target`, both of 127.0.0.1.

    `refused` counts connections it broke, `passed_on` those that reached a target.

    With `others`, connections go to each in turn, past those where nobody listens. A connection
    that had something held back is broken when the flow changes.
    """

    def __init__(self, *, port: int, target: int, others: Sequence[int] = ()) -> None:
        self.address = f"{_HOST}:{port}"
        self.port = port
        self.refused = 0
        self.passed_on = 0
        self._targets = deque((target, *others))
        self._flow = Flow.OPEN
        self._latency = 0.0
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"proxy {port}", daemon=True)
        self._listening = threading.Event()

    def start(self) -> None:
        """Listen; returns when it does."""
        self._thread.start()
        self._listening.wait(_START_SECONDS)

    def stop(self) -> None:
        """Break everything and end. Safe to repeat."""
        if self._thread.is_alive():
            self._call(self._break_all)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def set(self, flow: Flow, *, latency_seconds: float = 0.0) -> None:
        """Change what happens; `latency_seconds` is added to each direction."""
        self._call(lambda: self._change(flow, latency_seconds))

    def lead_to(self, *targets: int) -> None:
        """Lead new connections to these, to each in turn; those that there are stay as they are."""
        self._call(lambda: self._change_targets(targets))

    def strand(self) -> None:
        """Let nothing through any more on the connections that there are; new ones are as usual."""
        self._call(self._strand_all)

    @property
    def flow(self) -> Flow:
        """What happens now."""
        return self._flow

    @property
    def latency_seconds(self) -> float:
        """What is added to each direction now."""
        return self._latency

    def holds_back(self, *, reply: bool) -> bool:
        """Whether requests, or replies, get nowhere now."""
        return self._flow is Flow.SILENT or (self._flow is Flow.MUTE and reply)

    def _change(self, flow: Flow, latency: float) -> None:
        self._flow, self._latency = flow, latency
        for connection in tuple(self._connections):
            if flow is Flow.CUT or connection.held_back:
                self.refused += 1
                connection.abort()

    def _change_targets(self, targets: Sequence[int]) -> None:
        self._targets = deque(targets)

    def _strand_all(self) -> None:
        for connection in self._connections:
            connection.is_stranded = True

    def _break_all(self) -> None:
        self._flow = Flow.CUT
        for connection in tuple(self._connections):
            connection.abort()

    def _call(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                action()
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(_START_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, _HOST, self.port))
        self._listening.set()
        self._loop.run_forever()
        server.close()
        while tasks := asyncio.all_tasks(self._loop):  # also of connections that came just now
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))  # what was broken is closed a round later
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._flow is Flow.CUT:
            self.refused += 1
            _abort(writer)
            return
        back = await self._connected()
        if back is None:
            _abort(writer)
            return
        self.passed_on += 1
        connection = _Connection(self, (reader, writer), back)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def _connected(self) -> "_Streams | None":
        targets = self._targets  # others may come while this connects
        for _ in range(len(targets)):
            targets.rotate(-1)
            with suppress(OSError):
                return await asyncio.open_connection(_HOST, targets[-1])
        return None


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    def __init__(self, proxy: Proxy, front: _Streams, back: _Streams) -> None:
        self.held_back = False
        self.is_stranded = False
        self._over = asyncio.Event()
        self._proxy = proxy
        self._front, self._back = front, back

    async def run(self) -> None:
        """Pump both ways until one end is reached."""
        pumps = [
            asyncio.ensure_future(self._pump(self._front[0], self._back[1], reply=False)),
            asyncio.ensure_future(self._pump(self._back[0], self._front[1], reply=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.abort()

    def abort(self) -> None:
        """Break it: both sides see a reset."""
        self._over.set()
        _abort(self._front[1])
        _abort(self._back[1])

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, reply: bool
    ) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        writing = asyncio.ensure_future(self._write(waiting, sink))
        try:
            while data := await source.read(_CHUNK):
                if self.is_stranded or self._proxy.holds_back(reply=reply):
                    self.held_back = True
                    continue
                due = asyncio.get_running_loop().time() + self._proxy.latency_seconds
                waiting.put_nowait((due, data))
            await waiting.join()
            if self.held_back or self.is_stranded:
                await self._over.wait()  # nobody is told of the end either
        except OSError:
            pass  # one side broke, and so does the other
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(
        self, waiting: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await waiting.get()
            delay = due - asyncio.get_running_loop().time()
            if delay > 0:
                await asyncio.sleep(delay)
            sink.write(data)
            waiting.task_done()
            await sink.drain()


def _abort(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
