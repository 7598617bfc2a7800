"""Connections to clients that may dawdle, read nothing, or send what is no request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from time import monotonic
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask

from fixengine.http.rest.cors import OPEN
from fixengine.http.rest.problems import MEDIA_TYPE, encode_problem
from fixengine.http.serving.limits import ClientLimits


class Parser(HTTPRequestParser):
    """Waitress's parser, without the errors that it lets escape and log with their trace."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read first line and headers; raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("an address or a number in the head can't be read") from error


class Refusal(ErrorTask):
    """Answers a request that never reaches the application, in the application's form."""

    def execute(self) -> None:
        """Answer with a problem, and close."""
        request: Any = self.request  # waitress has types, but wrong ones for this
        error = request.error
        # a transfer coding that nobody here knows is the client's mistake
        status = HTTPStatus.BAD_REQUEST if error.code == HTTPStatus.NOT_IMPLEMENTED else error.code
        body = encode_problem(HTTPStatus(status), f"{error.reason}: {error.body}")
        self.status = f"{int(status)} {HTTPStatus(status).phrase}"
        self.response_headers = [("Content-Type", MEDIA_TYPE), *OPEN.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if getattr(request, "command", "") == "HEAD" else body)


class Answering(WSGITask):
    """An answer whose head leaves together with its body: one call, one packet, one wake-up."""

    channel: "Connection"

    def write(self, data: bytes) -> None:
        """Write a part of the answer; the head goes before the first part."""
        if self.wrote_header:
            super().write(data)
        else:
            with self.channel.gathered():
                super().write(data)


class _Bell:
    """The server, as one of its connections sees it: it is woken for what it has to do alone."""

    def __init__(self, server: Any, needs_it: Callable[[], bool]) -> None:
        self._server = server
        self._needs_it = needs_it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def pull_trigger(self) -> None:
        """Wake the thread that moves bytes, if it has to look at this connection anew."""
        if self._needs_it():
            self._server.pull_trigger()


class Connection(HTTPChannel):
    """A connection that knows since when it has been at one exchange.

    The thread that moves bytes watches it while a request is in hand, so nobody has to wake it
    when the answer is out. What comes before then stays where it is. While a worker sends, only
    the worker can know whether the client has to be waited for, and says so.
    """

    parser_class = Parser
    task_class = Answering
    error_task_class = Refusal
    _busy_since = 0.0
    _gathered: list[bytes] | None = None
    _more_has_come = False
    _sends = False

    def __init__(self, server: Any, *arguments: Any, **settings: Any) -> None:
        """Take what waitress gives."""
        bell: Any = _Bell(server, self._needs_a_look)
        super().__init__(bell, *arguments, **settings)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Let what the body writes leave as one."""
        pieces: list[bytes] = []
        self._gathered = pieces
        try:
            yield
        finally:
            self._gathered = None
        super().write_soon(b"".join(pieces))

    def write_soon(self, data: Any) -> int:
        """Send what a task wrote, or gather it."""
        if self._gathered is None:
            return int(super().write_soon(data))
        self._gathered.append(data)
        return len(data)

    def readable(self) -> bool:
        """Say whether to watch for what comes."""
        return not (
            self._more_has_come
            or self.will_close
            or self.close_when_flushed
            or (self.total_outbufs_len and not self._sends)
        )

    def writable(self) -> bool:
        """Say whether to watch for room for what is left of an answer, or to close."""
        return not self._sends and bool(super().writable())

    def _flush_some(self, do_close: bool = True) -> bool:
        self._sends = True
        try:
            return bool(super()._flush_some(do_close))  # type: ignore[misc]  # its types leave it out
        finally:
            self._sends = False

    def handle_read(self) -> None:
        """Take what has come; the first of it begins an exchange."""
        if self.requests:
            self._more_has_come = True
            if self.requests:
                return
            self._more_has_come = False  # the answer left meanwhile, and maybe nobody wakes us
        if not self.is_busy():
            self._busy_since = monotonic()
        super().handle_read()

    def _needs_a_look(self) -> bool:
        if self._more_has_come and not self.requests:
            self._more_has_come = False
            return True
        stops = not self.server.accepting  # and waits for the last answer
        return bool(stops or self.total_outbufs_len or self.close_when_flushed or self.will_close)

    def is_busy(self) -> bool:
        """Say whether a request is on its way in, in hand, or on its way out."""
        return bool(self.request is not None or self.requests or self.total_outbufs_len)

    def is_overdue(self, limits: ClientLimits, *, now: float) -> bool:
        """Say whether its client has had its time, or leaves too much unread."""
        late = self.is_busy() and now - self._busy_since > limits.exchange
        return late or self.total_outbufs_len > limits.unread


def to_end(connections: list[Connection], limits: ClientLimits, *, now: float) -> list[Connection]:
    """Return those to close: all that are overdue, and while too much is unread, the worst."""
    overdue = [each for each in connections if each.is_overdue(limits, now=now)]
    others = sorted(
        (each for each in connections if each not in overdue),
        key=lambda each: each.total_outbufs_len,
    )
    unread = sum(each.total_outbufs_len for each in others)
    while unread > limits.unread_by_all:
        worst = others.pop()
        unread -= worst.total_outbufs_len
        overdue.append(worst)
    return overdue
