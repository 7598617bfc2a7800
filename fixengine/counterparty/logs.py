"""Any log of FIX messages → the messages in it, each with what is wrong with its frame.

Programs write the byte between two fields, SOH, in several ways, and put times and other texts
around the messages. A message begins at `8=FIX`, and ends where its length says; where the length
is wrong, it ends at the first CheckSum(10).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fixengine.fix.dictionary import Dictionary, versions
from fixengine.fix.framing import LONGEST_BODY, Frame, checksum
from fixengine.fix.message import Message, parse, whole

SEPARATORS = (b"\x01", b" | ", b"|", b"^A", rb"\x01", rb"\u0001", b"<SOH>", "\u2401".encode())
"""How logs write SOH."""

_ANY = b"|".join(map(re.escape, SEPARATORS))
_HEAD = re.compile(rb"8=(FIXT?\.\d\.\d(?:SP\d)?)(%b)" % _ANY)
_LONGEST_HEAD = len(rb"8=FIXT.1.1SP2\u0001")
_LENGTH = re.compile(rb"9=(\d{1,9})$")
_END = {
    separator: re.compile(rb"%b10=([^\x01|\r\n^\\ <\xe2]*)(?:%b)?" % ((re.escape(separator),) * 2))
    for separator in SEPARATORS
}
_LONGEST = 5 * LONGEST_BODY  # bytes of a message in a log, where SOH takes six
_LONGEST_TRAILER = len(b"10=000|")
_SOH = b"\x01"
_OTHER = b"FIX.4.4"  # whose names stand for those of versions that are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A message as it stands in a log, in this line, the first being 1.

    `wrong` has a sentence for each thing that is wrong with its length and its checksum.
    """

    line: int
    version: str
    dictionary: Dictionary
    length: str | None
    message: Message
    check_sum: str | None
    wrong: tuple[str, ...]


def read_log(pieces: Iterable[bytes]) -> Iterator[Logged]:
    """Yield the messages of a log that comes in pieces, cut anywhere; keeps no more than one."""
    buffer, line = b"", 1
    for piece, is_last in _with_last(pieces):
        buffer += piece
        at = 0
        while (head := _HEAD.search(buffer, at)) is not None:
            end = _end(buffer, head, is_last=is_last)
            if end is None:
                break
            line += buffer.count(b"\n", at, head.start())
            yield _logged(line, head, buffer[head.end() : end])
            line += buffer.count(b"\n", head.start(), end)
            at = end
        kept = head.start() if head else max(at, len(buffer) - _LONGEST_HEAD)
        line += buffer.count(b"\n", at, kept)
        buffer = buffer[kept:]


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for piece in pieces:
        yield piece, False
    yield b"", True


def _end(buffer: bytes, head: re.Match[bytes], *, is_last: bool) -> int | None:
    """Return where a message ends; None where more has to be read first."""
    separator = head[2]
    pattern, start = _END[separator], head.end() - len(separator)
    has_all = is_last or len(buffer) - start > _LONGEST
    if len(separator) == 1 and (told := _told_end(buffer, head, separator)) is not None:
        if told + _LONGEST_TRAILER > len(buffer) and not has_all:
            return None
        if (end := pattern.match(buffer, told - 1)) is not None:
            return end.end()
    following = _HEAD.search(buffer, head.end())
    end = pattern.search(buffer, start, following.start() if following else len(buffer))
    if end is not None and (end.end() < len(buffer) or has_all):
        return end.end()
    if following is not None:
        return following.start()
    return min(len(buffer), start + _LONGEST) if has_all else None


def _told_end(buffer: bytes, head: re.Match[bytes], separator: bytes) -> int | None:
    """Return where CheckSum(10) stands, if the length is right."""
    length = _LENGTH.match(buffer[head.end() : buffer.find(separator, head.end())])
    if length is None or int(length[1]) > LONGEST_BODY:
        return None
    return head.end() + len(length[0]) + len(separator) + int(length[1])


def _logged(line: int, head: re.Match[bytes], text: bytes) -> Logged:
    """Read what stands behind BeginString(8), up to the end of the message."""
    content = text.replace(head[2], _SOH)
    body, marker, trailer = content.rpartition(b"\x0110=")
    if not marker:
        body, trailer = content.rstrip(b"\r\n").removesuffix(_SOH), b""
    body += _SOH
    found = _LENGTH.match(body.partition(_SOH)[0])
    inner = body[len(found[0]) + 1 :] if found else body
    dictionary = versions().get(head[1], versions()[_OTHER])
    given = trailer.removesuffix(_SOH)
    said = whole(found[1]) if found else None
    whole_message = b"8=%b\x01%b" % (head[1], body)
    return Logged(
        line=line,
        version=head[1].decode(),
        dictionary=dictionary,
        length=found[1].decode() if found else None,
        message=parse(Frame(head[1], inner), dictionary.data_fields),
        check_sum=given.decode(errors="backslashreplace") if marker else None,
        wrong=tuple(
            _problems(said, len(inner), given if marker else None, checksum(whole_message))
        ),
    )


def _problems(said: int | None, length: int, given: bytes | None, real: int) -> Iterator[str]:
    if said is None:
        yield "BodyLength(9) is missing where it must be, behind BeginString(8)"
    elif said != length:
        yield f"BodyLength(9) is {said}, and {length} bytes are there"
    if given is None:
        yield "CheckSum(10) is missing: the message is cut off"
    elif given != b"%03d" % real:
        yield f"CheckSum(10) is {given.decode(errors='backslashreplace')}, and should be {real:03d}"
