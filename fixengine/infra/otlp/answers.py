"""What comes back of a call over gRPC: an answer, or why there is none."""

from urllib.parse import unquote

from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

OK, DEADLINE_EXCEEDED, UNAVAILABLE = 0, 4, 14
"""Those of gRPC's codes that make a difference here."""

_LARGEST_ANSWER = 4 * 2**20  # bytes, gRPC's own limit
_NOT_NOW = frozenset({"429", "502", "503", "504"})  # what gRPC takes for unavailable
GONE = "the collector has closed the connection"


class CallError(Exception):
    """A call that failed: gRPC's code, and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Answer:
    """What has come of an answer."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._headers: dict[bytes, str] = {}
        self._body = bytearray()
        self.ended = False

    def take(self, event: Event) -> None:
        """Add what has come, or raise CallError because there will be no answer."""
        if isinstance(event, ConnectionTerminated):
            if (event.last_stream_id or 0) < self._stream:
                raise CallError(UNAVAILABLE, GONE)
        elif getattr(event, "stream_id", None) != self._stream:
            return
        elif isinstance(event, ResponseReceived | TrailersReceived):
            self._headers |= {
                bytes(name): bytes(value).decode(errors="replace") for name, value in event.headers
            }
        elif isinstance(event, DataReceived):
            self._body += event.data
            if len(self._body) > _LARGEST_ANSWER:
                raise CallError(UNAVAILABLE, "the collector answers with too much")
        elif isinstance(event, StreamReset):
            raise CallError(UNAVAILABLE, f"the collector has ended the call: {event.error_code!s}")
        elif isinstance(event, StreamEnded):
            self.ended = True

    def body(self) -> bytes:
        """Return the body of an answer that is OK, else raise CallError."""
        status, code = self._headers.get(b":status"), self._headers.get(b"grpc-status", "")
        if not code.isdecimal():
            code = str(UNAVAILABLE) if status in _NOT_NOW else "2"
            raise CallError(int(code), f"the collector answers {status}, and not as gRPC does")
        if int(code) != OK:
            words = unquote(self._headers.get(b"grpc-message", ""))
            raise CallError(int(code), words or f"the collector answers with gRPC's code {code}")
        return bytes(self._body)


def message_in(framed: bytes) -> bytes:
    """Return the one message of an answer."""
    if framed[:1] != b"\0" or len(framed) != 5 + int.from_bytes(framed[1:5]):
        raise CallError(2, "the collector answers with what is no message")
    return framed[5:]
