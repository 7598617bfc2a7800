"""Fields ⇄ the body of a message.

No library does this within the bounds that a hostile peer makes necessary: simplefix, the one that
is well kept, reads tags of any length, counts no fields, and takes six times as long.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from fixengine.fix.faults import Fault, Reason
from fixengine.fix.framing import Frame

Field = tuple[int, bytes]

MOST_FIELDS = 1_000
"""Of a message with more, only so many are read, and it is refused."""

_SOH = b"\x01"
_USUAL_TAGS = {b"%d" % tag: tag for tag in range(1, 1_000)}  # so that none is read twice
_LONGEST_TAG = 9


class Message:
    """A message as it came: its fields in their order, and the first thing wrong with them.

    `fields` begin with MsgType(35), and lack BeginString, BodyLength and CheckSum, which the
    frame had. `size` is the length of the body in bytes.
    """

    def __init__(self, fields: tuple[Field, ...], fault: Fault | None, size: int) -> None:
        self.fields = fields
        self.fault = fault
        self.size = size

    @property
    def kind(self) -> bytes:
        """Return MsgType(35), with which every frame begins."""
        return self.fields[0][1]

    def get(self, tag: int) -> bytes | None:
        """Return a field's value, the first if there are several."""
        return self._first.get(tag)

    def is_set(self, tag: int) -> bool:
        """Say whether a flag is there and says yes."""
        return self._first.get(tag) == b"Y"

    @cached_property
    def _first(self) -> dict[int, bytes]:
        return dict(reversed(self.fields))


def parse(frame: Frame, data_fields: Mapping[int, int]) -> Message:
    """Read the fields of a frame; `data_fields` has the tag of the data for that of its length."""
    reader = _Reader(frame.body, data_fields)
    fields = tuple(reader.fields())
    return Message(fields, reader.fault, len(frame.body))


class _Reader:
    """Goes through a body once, field by field."""

    def __init__(self, body: bytes, data_fields: Mapping[int, int]) -> None:
        self.fault: Fault | None = None
        self._body = body
        self._data_fields = data_fields

    def fields(self) -> Iterator[Field]:
        body, position, count = self._body, 0, 0
        data_tag, data_length = 0, -1  # of the field that has to come next
        while position < len(body):
            count += 1
            if count > MOST_FIELDS:
                self._blame(Reason.OTHER)
                return
            end = body.find(_SOH, position)
            equals = body.find(b"=", position, end)
            written = body[position : end if equals < 0 else equals]
            tag = _USUAL_TAGS.get(written) or _tag(written)
            if equals < 0 or tag is None:
                self._blame(Reason.INVALID_TAG, _whole(written))
            else:
                if tag == data_tag:
                    end = equals + 1 + data_length
                    if body[end : end + 1] != _SOH:
                        self._blame(Reason.DATA_FORMAT, tag)
                        return
                yield tag, body[equals + 1 : end]
                data_tag, data_length = 0, -1
                if tag in self._data_fields:
                    data_tag = self._data_fields[tag]
                    data_length = _length(body[equals + 1 : end])
                    if data_length < 0:
                        self._blame(Reason.DATA_FORMAT, tag)
                        return
            position = end + 1

    def _blame(self, reason: Reason, tag: int | None = None) -> None:
        self.fault = self.fault or Fault(reason, tag)


def body_of(fields: Sequence[Field], data_fields: Mapping[int, int]) -> bytes:
    """Write fields down; raise ValueError for one that could not be read again."""
    body = b"".join([b"%d=%b\x01" % field for field in fields])
    if b"=\x01" in body or body.count(_SOH) != len(fields):  # then one may be wrong
        for tag, value in fields:
            if not value or (_SOH in value and tag not in data_fields.values()):
                raise ValueError(f"field {tag} can't have the value {value[:50]!r}")
    return body


def whole(value: bytes | None) -> int | None:
    """Return a number without a sign, as lengths and sequence numbers are; None if it is none."""
    if value is None or not value.isdigit() or len(value) > 18:
        return None
    return int(value)


def _length(value: bytes) -> int:
    number = whole(value)
    return -1 if number is None else number


def _tag(written: bytes) -> int | None:
    if written.isdigit() and len(written) <= _LONGEST_TAG and not written.startswith(b"0"):
        return int(written)
    return None


def _whole(written: bytes) -> int | None:
    """Return what a wrong tag can be called by: RefTagID(371) is a number too."""
    digits = written.removeprefix(b"-")
    return int(written) if digits.isdigit() and len(digits) <= _LONGEST_TAG else None
