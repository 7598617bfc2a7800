"""A stream of bytes, cut anywhere ⇄ the messages in it, and notes of what is garbled.

Garbled is what does not begin with BeginString, BodyLength and MsgType, in this order, or does not
end with CheckSum where the length says, or has another sum. It is passed over: reading goes on at
the next "8=FIX" behind it. A wrong length counts too, so what it covers is passed over as well.
"""

import re
import zlib
from typing import NamedTuple

LONGEST_BODY = 2**20
"""Bytes; what claims to be longer is garbled, so that a peer can't make us keep more."""

_BEGIN = b"8=FIX"
_HEAD = re.compile(rb"8=(FIXT?\.\d\.\d)\x019=(\d{1,7})\x01")
_LONGEST_HEAD = len(b"8=FIXT.1.1|9=1048576|")
_TRAILER = re.compile(rb"10=(\d{3})\x01")
_TRAILER_LENGTH = len(b"10=000|")
_PIECE = 250  # bytes whose sum adler32 gives as it is: below 65,521


class Frame(NamedTuple):
    """A message whose length and checksum are right: its version, and all between 9 and 10."""

    begin: bytes
    body: bytes


class Garbled(NamedTuple):
    """Bytes that are passed over, and why."""

    why: str


class Framer:
    """Takes what comes and gives it back message by message; keeps no more than one message."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._start = 0  # of what is not read yet

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        del self._buffer[: self._start]
        self._start = 0
        self._buffer += data

    def next(self) -> Frame | Garbled | None:
        """Return what comes next; None when more has to be received first."""
        head = _HEAD.match(self._buffer, self._start)
        if head is None:
            return self._find_begin()
        length, body = int(head[2]), head.end()
        if length > LONGEST_BODY:
            return self._pass_over(self._start + len(_BEGIN), "the length is above the limit")
        end = body + length
        if len(self._buffer) < end + _TRAILER_LENGTH:
            return None
        trailer = _TRAILER.match(self._buffer, end)
        if trailer is None or self._buffer[end - 1] != 1:
            return self._pass_over(end, "no checksum stands where the length says")
        begin = bytes(head[1])
        message = bytes(self._buffer[self._start : end])
        content = message[body - self._start :]
        self._start = trailer.end()
        if int(trailer[1]) != checksum(message):
            return Garbled("the checksum is wrong")
        if not content.startswith(b"35="):
            return Garbled("MsgType(35) is not the third field")
        return Frame(begin, content)

    def _find_begin(self) -> Garbled | None:
        """Go on to where a message may begin."""
        found = self._buffer.find(_BEGIN, self._start)
        if found == self._start:
            if len(self._buffer) - found < _LONGEST_HEAD:
                return None
            return self._pass_over(found + len(_BEGIN), "no BodyLength(9) follows BeginString(8)")
        if found < 0:
            begun = (n for n in range(len(_BEGIN) - 1, 0, -1) if self._buffer.endswith(_BEGIN[:n]))
            kept = next(begun, 0)
            found = max(len(self._buffer) - kept, self._start)
        return self._pass_over(found, "no BeginString(8)") if found > self._start else None

    def _pass_over(self, end: int, why: str) -> Garbled:
        self._start = end
        return Garbled(why)


def encode(begin: bytes, body: bytes) -> bytes:
    """Return the whole message around a body, with its length and its checksum."""
    message = b"8=%b\x019=%d\x01%b" % (begin, len(body), body)
    return b"%b10=%03d\x01" % (message, checksum(message))


def checksum(message: bytes) -> int:
    """Return the sum of all bytes, modulo 256."""
    pieces = range(0, len(message), _PIECE)
    return sum((zlib.adler32(message[at : at + _PIECE]) & 0xFFFF) - 1 for at in pieces) % 256
