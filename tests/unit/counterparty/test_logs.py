"""Messages are found in logs of any kind, and what is wrong with their frames is told."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.counterparty.logs import SEPARATORS, Logged, read_log
from fixengine.counterparty.view import logged_lines
from fixengine.fix.framing import LONGEST_BODY
from tests.support.fix.sides import raw

HEADER = "49=OMS1|56=FIXENGINE|34=2|52=20260302-09:30:00.000|"
ORDER = raw(f"35=D|{HEADER}11=A|55=IBM|54=1|38=100|40=2|44=1.5|60=20260302-09:30:00.000|59=0|")
BEAT = raw(f"35=0|{HEADER}112=x=y|")
BINARY = raw(f"35=0|{HEADER}90=10|91=a\x0110=000\x01b|112=z|")

separators = pytest.mark.parametrize("separator", SEPARATORS)


def found(*pieces: bytes) -> list[Logged]:
    return [*read_log(pieces)]


def verdicts(*pieces: bytes) -> list[tuple[str, ...]]:
    return [each.wrong for each in found(*pieces)]


def wrong(message: bytes) -> tuple[str, ...]:
    (only,) = verdicts(message)
    return only


def kinds(*pieces: bytes) -> str:
    return "".join(each.message.kind.decode() for each in found(*pieces))


@separators
def test_the_byte_between_fields_may_be_written_in_several_ways(separator: bytes) -> None:
    log = (ORDER + BEAT).replace(b"\x01", separator)
    assert kinds(log) == "D0"
    assert verdicts(log) == [(), ()]
    assert found(log)[0].message.get(55) == b"IBM"
    assert found(log)[1].message.get(112) == b"x=y"


@separators
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" <-- sent\n"])
def test_times_and_other_texts_may_stand_around_a_message(separator: bytes, end: bytes) -> None:
    line = b"2026-03-02 09:30:00,1 8=1 [FIX.4.4] INFO : " + ORDER.replace(b"\x01", separator) + end
    assert verdicts(line * 3) == [(), (), ()]


@separators
def test_the_last_separator_may_be_missing(separator: bytes) -> None:
    log = ORDER.removesuffix(b"\x01").replace(b"\x01", separator) + b"\n"
    assert verdicts(log * 2) == [(), ()]


def test_a_message_is_where_its_line_is() -> None:
    log = b"\n\nfirst: " + ORDER + b"\n" + BEAT + BEAT + b"\nnothing\n\n" + BEAT
    assert [each.line for each in found(log)] == [3, 4, 4, 7]
    assert [each.line for each in found(*(bytes([byte]) for byte in log))] == [3, 4, 4, 7]
    two_lines = raw(f"35=3|{HEADER}45=1|58=a\nb|")
    assert [each.line for each in found(two_lines + BEAT)] == [1, 2]


def test_data_may_hold_what_looks_like_an_end() -> None:
    assert verdicts(BINARY) == [()]
    assert found(BINARY)[0].message.get(112) == b"z"


@given(cuts=st.lists(st.integers(0, 800), max_size=8), separator=st.sampled_from(SEPARATORS))
def test_it_does_not_matter_where_a_log_is_cut(cuts: list[int], separator: bytes) -> None:
    log = (b"a " + ORDER + b"\nb " + BEAT + b"8=FIX" + ORDER).replace(b"\x01", separator)
    places = [0, *sorted(cuts), len(log)]
    pieces = [log[begin:end] for begin, end in pairwise(places)]
    assert kinds(*pieces) == kinds(log) == "D0D"
    assert verdicts(*pieces) == [(), (), ()]


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(SEPARATORS))
def test_whatever_is_there_is_read(before: bytes, after: bytes, separator: bytes) -> None:
    log = before + ORDER.replace(b"\x01", separator) + after
    for each in read_log([log]):
        assert all("\n" not in line for line in logged_lines(each))


@separators
def test_a_wrong_length_is_told_and_the_rest_is_read(separator: bytes) -> None:
    for length in (b"1", b"150", b"900000", b"999999999"):
        broken = ORDER.replace(b"9=122", b"9=" + length)
        assert broken != ORDER
        first, second = found((broken + BEAT).replace(b"\x01", separator))
        assert f"BodyLength(9) is {length.decode()}, and 122 bytes are there" in first.wrong
        assert second.wrong == ()


def test_a_wrong_checksum_is_told_with_the_right_one() -> None:
    right = ORDER[-4:-1].decode()
    assert wrong(ORDER[:-4] + b"000\x01") == (f"CheckSum(10) is 000, and should be {right}",)
    assert wrong(ORDER[:-4] + b"7\x01") == (f"CheckSum(10) is 7, and should be {right}",)


def test_a_message_that_is_cut_off_is_told() -> None:
    assert "CheckSum(10) is missing: the message is cut off" in wrong(ORDER[:60])
    first, *others = verdicts(ORDER[:60] + b"\n" + BEAT + BEAT)
    assert "CheckSum(10) is missing: the message is cut off" in first
    assert others == [(), ()]


def test_a_message_without_its_length_is_told() -> None:
    (sentence, _) = wrong(ORDER.replace(b"9=122\x01", b""))
    assert sentence.startswith("BodyLength(9) is missing where it must be")


def test_a_stream_of_any_size_takes_no_more_memory_than_a_message() -> None:
    largest = 0

    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b"8=FIX.4.4\x019=10\x01" + b"x" * LONGEST_BODY

    for each in read_log(pieces()):
        largest = max(largest, each.message.size)
    assert largest < 6 * LONGEST_BODY


def test_a_log_without_messages_has_none() -> None:
    assert found() == found(b"") == found(b"8=FIX", b".4") == found(b"\n" * 100_000) == []
