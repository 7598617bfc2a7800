"""QuickFIX's parser agrees with ours: on what a message says, and on whether it is one."""

import quickfix  # type: ignore[import-untyped]  # has no types
from hypothesis import given
from hypothesis import strategies as st

from fixengine.fix.framing import Frame, Framer, encode
from fixengine.fix.message import Message, body_of, parse
from tests.support.fix.sides import FIX44

_HEADER = {8: "FIX.4.4", 35: "B", 34: "7", 49: "CLIENT", 52: "20260302-09:30:00", 56: "ENGINE"}
_FRAME = {8, 9, 10}

tags = st.sampled_from(
    [tag for tag in range(1, 900) if tag in FIX44.tags and tag not in FIX44.header.tags]
).filter(
    lambda tag: (
        tag not in FIX44.trailer.tags
        and tag not in FIX44.data_fields
        and tag not in FIX44.data_fields.values()
    )
)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
bodies = st.dictionaries(tags, texts, max_size=8)


def ours(data: bytes) -> Message | None:
    """Return the message that these bytes are, None if they are none."""
    framer = Framer()
    framer.feed(data)
    frame = framer.next()
    return parse(frame, FIX44.data_fields) if isinstance(frame, Frame) else None


def theirs(data: bytes) -> dict[int, str] | None:
    """Return the same by QuickFIX, as fields without those of the frame."""
    try:
        read = quickfix.Message(data.decode("ascii"), True)
    except quickfix.InvalidMessage:
        return None
    written = read.toString().rstrip("\x01").split("\x01")
    pairs = (field.partition("=") for field in written)
    return {int(tag): value for tag, _, value in pairs if int(tag) not in _FRAME}


def fields_of(message: Message) -> dict[int, str]:
    return {tag: value.decode("ascii") for tag, value in message.fields}


def written(body: dict[int, str]) -> bytes:
    fields = {tag: value for tag, value in {**_HEADER, **body}.items() if tag not in _FRAME}
    return encode(b"FIX.4.4", body_of([(tag, text.encode()) for tag, text in fields.items()], {}))


@given(bodies)
def test_quickfix_reads_what_is_written_here(body: dict[int, str]) -> None:
    data = written(body)
    read = ours(data)
    assert read is not None
    assert theirs(data) == fields_of(read)


@given(bodies)
def test_what_quickfix_writes_is_read_here(body: dict[int, str]) -> None:
    message = quickfix.Message()
    for tag, text in _HEADER.items():
        message.getHeader().setField(tag, text)
    for tag, text in body.items():
        message.setField(tag, text)
    read = ours(message.toString().encode("ascii"))
    assert read is not None
    assert fields_of(read) == {tag: text for tag, text in _HEADER.items() if tag != 8} | body


@given(bodies, st.data())
def test_both_see_whether_length_and_checksum_are_right(
    body: dict[int, str], data: st.DataObject
) -> None:
    good = written(body)
    length, check_sum = good.split(b"\x01", 2)[1], good[-8:]
    wrong = data.draw(
        st.sampled_from(
            [
                good.replace(length, b"9=%d" % data.draw(st.integers(0, 300)), 1),
                good.removesuffix(check_sum) + b"\x0110=%03d\x01" % data.draw(st.integers(0, 300)),
                good.replace(b"\x0134=7\x01", b"\x0134=%d\x01" % data.draw(st.integers(0, 9)), 1),
                good[: -data.draw(st.integers(1, 7))],
            ]
        )
    )
    assert (ours(wrong) is None) == (theirs(wrong) is None)
