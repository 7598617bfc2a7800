"""Messages are found in a stream that is cut anywhere, and garbled ones are passed over."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.fix.framing import LONGEST_BODY, Frame, Framer, Garbled, checksum, encode

BODY = b"35=0\x0134=2\x01"
GOOD = encode(b"FIX.4.4", BODY)
WHOLE = Frame(b"FIX.4.4", BODY)

bodies = st.binary(max_size=300).map(lambda text: b"35=B\x0196=" + text + b"\x01")
noise = st.sampled_from(
    [
        b"8=FIX",
        b"8=FIX.4.4\x01",
        b"8=FIX.4.4\x019=30\x01",
        b"10=000\x01",
        b"\x01",
        b"9=999999999\x01",
        b"8=FIX.4.4\x019=-1\x01",
        GOOD[:-4],
        GOOD.replace(b"34=2", b"34=3"),
    ]
)


def read(*pieces: bytes) -> list[Frame | Garbled]:
    framer = Framer()
    found: list[Frame | Garbled] = []
    for piece in pieces:
        framer.feed(piece)
        while (item := framer.next()) is not None:
            found.append(item)
    return found


def frames(*pieces: bytes) -> list[Frame]:
    return [item for item in read(*pieces) if isinstance(item, Frame)]


@given(st.lists(bodies, max_size=4), st.data())
def test_what_is_encoded_is_read_again_however_it_is_cut(
    contents: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(encode(b"FIX.4.4", body) for body in contents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert read(*pieces) == [Frame(b"FIX.4.4", body) for body in contents]


@given(st.lists(noise | bodies.map(lambda body: encode(b"FIX.4.4", body)), max_size=6), st.data())
def test_the_same_messages_are_found_in_noise_however_it_is_cut(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert frames(*pieces) == frames(stream) == frames(*(bytes([each]) for each in stream))


@pytest.mark.parametrize(
    ("garbled", "why"),
    [
        (b"junk", "no BeginString"),
        (b"35=0\x01" + GOOD[:10], "no BeginString"),
        (GOOD.replace(b"9=10", b"9=ab"), "no BodyLength"),
        (GOOD.replace(b"9=10", b"9=-1"), "no BodyLength"),
        (GOOD.replace(b"9=10", b"9=999999999"), "no BodyLength"),
        (GOOD.replace(b"9=10", b"9=1048577"), "above the limit"),
        (GOOD.replace(b"9=10", b"9=5"), "no checksum"),
        (GOOD.replace(b"\x0110=", b"=10="), "no checksum"),
        (GOOD.replace(b"34=2", b"34=3"), "the checksum is wrong"),
        (GOOD[:-4] + b"256\x01", "the checksum is wrong"),
        (encode(b"FIX.4.4", b"34=2\x0135=0\x01"), "not the third field"),
        (encode(b"FIX.4.4", b""), "not the third field"),
    ],
)
def test_what_is_garbled_is_passed_over_with_its_reason(garbled: bytes, why: str) -> None:
    found = read(garbled + GOOD + GOOD + GOOD)
    assert isinstance(found[0], Garbled)
    assert why in found[0].why
    assert WHOLE in found


def with_checksum(wanted: int) -> tuple[bytes, bytes]:
    """Return a message whose checksum this is, and its body."""
    bodies = (b"35=0\x0158=%c%c\x01" % (a, b) for a in range(2, 256) for b in b"ab")
    messages = ((encode(b"FIX.4.4", body), body) for body in bodies)
    return next(each for each in messages if each[0].endswith(b"10=%03d\x01" % wanted))


def test_a_checksum_below_100_has_three_digits() -> None:
    message, body = with_checksum(7)
    assert read(message) == [Frame(b"FIX.4.4", body)]
    assert frames(message.replace(b"10=007", b"10=7")) == []


def test_a_checksum_is_below_256() -> None:
    message, body = with_checksum(0)
    assert read(message) == [Frame(b"FIX.4.4", body)]
    assert read(message[:-4] + b"256\x01") == [Garbled("the checksum is wrong")]


@given(st.binary(max_size=2_000))
def test_the_checksum_is_the_sum_of_all_bytes(message: bytes) -> None:
    assert checksum(message) == sum(message) % 256


def test_a_length_that_covers_the_next_message_takes_it_too() -> None:
    long = GOOD.replace(b"9=10", b"9=40")
    assert frames(long + GOOD + GOOD) == [WHOLE]


def test_no_more_is_kept_than_the_longest_message() -> None:
    framer = Framer()
    framer.feed(b"8=FIX.4.4\x019=%d\x01" % LONGEST_BODY)
    piece = b"x" * 2**16
    most = 0
    for _ in range(64):
        framer.feed(piece)
        while framer.next() is not None:
            pass
        most = max(most, len(framer._buffer))
    assert most <= LONGEST_BODY + 2 * len(piece)
    framer.feed(GOOD)
    assert framer.next() == WHOLE
