"""Fields are read in their order, data by its length, and no more of them than is bearable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.fix.faults import Fault, Reason
from fixengine.fix.framing import Frame
from fixengine.fix.message import MOST_FIELDS, Field, Message, body_of, parse, whole
from tests.support.fix.sides import FIX44

DATA = FIX44.data_fields
texts = st.binary(min_size=1, max_size=20).filter(lambda value: b"\x01" not in value)
plain = st.tuples(
    st.integers(1, 999_999_999).filter(lambda tag: tag not in DATA and tag not in DATA.values()),
    texts,
)
data_pairs = st.tuples(st.sampled_from(sorted(DATA)), st.binary(min_size=1, max_size=20)).map(
    lambda pair: [(pair[0], b"%d" % len(pair[1])), (DATA[pair[0]], pair[1])]
)


def read(body: bytes) -> Message:
    return parse(Frame(b"FIX.4.4", body), DATA)


def written(text: str) -> Message:
    return read(text.replace("|", "\x01").encode())


@given(st.lists(plain.map(lambda field: [field]) | data_pairs, max_size=8))
def test_what_is_written_is_read_again(parts: list[list[Field]]) -> None:
    fields = [(35, b"B"), *(field for part in parts for field in part)]
    message = read(body_of(fields, DATA))
    assert list(message.fields) == fields
    assert message.fault is None
    for tag, _ in fields:
        assert message.get(tag) == next(value for each, value in fields if each == tag)


@given(st.binary(max_size=300))
def test_nothing_that_comes_is_too_much(content: bytes) -> None:
    message = read(b"35=D\x01" + content + b"\x01")
    assert message.kind == b"D"


def test_data_may_have_the_end_of_a_field_and_of_a_message_in_it() -> None:
    assert written("35=B|95=15|96=a|10=000|8=FIX.|58=x|").fields == (
        (35, b"B"),
        (95, b"15"),
        (96, b"a\x0110=000\x018=FIX."),
        (58, b"x"),
    )


def test_a_length_counts_only_for_the_field_behind_it() -> None:
    message = written("35=B|95=9|58=x|96=ab|")
    assert (message.get(96), message.fault) == (b"ab", None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("35=0|0=a|", Fault(Reason.INVALID_TAG, 0)),
        ("35=0|-1=a|", Fault(Reason.INVALID_TAG, -1)),
        ("35=0|-1=a|-2=a|", Fault(Reason.INVALID_TAG, -1)),
        ("35=0|034=a|", Fault(Reason.INVALID_TAG, 34)),
        ("35=0|+34=a|", Fault(Reason.INVALID_TAG)),
        ("35=0|3 4=a|", Fault(Reason.INVALID_TAG)),
        ("35=0|3_4=a|", Fault(Reason.INVALID_TAG)),
        ("35=0|1234567890=a|", Fault(Reason.INVALID_TAG)),
        (f"35=0|{'9' * 5_000}=a|", Fault(Reason.INVALID_TAG)),
        ("35=0|=a|", Fault(Reason.INVALID_TAG)),
        ("35=0|58|", Fault(Reason.INVALID_TAG, 58)),
        ("35=0||", Fault(Reason.INVALID_TAG)),
        ("35=B|95=3|96=abcd|", Fault(Reason.DATA_FORMAT, 96)),
        ("35=B|95=999999999|96=abcd|", Fault(Reason.DATA_FORMAT, 96)),
        ("35=B|95=x|96=abcd|", Fault(Reason.DATA_FORMAT, 95)),
        ("35=B|95=-1|96=abcd|", Fault(Reason.DATA_FORMAT, 95)),
    ],
)
def test_the_first_thing_that_is_wrong_with_its_form_is_named(text: str, fault: Fault) -> None:
    assert written(text).fault == fault


def test_the_number_is_found_behind_a_field_that_is_wrong() -> None:
    assert written("35=0|-1=a|34=7|").get(34) == b"7"


def test_of_too_many_fields_only_so_many_are_read() -> None:
    most = read(b"35=D\x01" + b"58=x\x01" * (MOST_FIELDS - 1))
    assert most.fault is None
    more = read(b"35=D\x01" + b"58=x\x01" * 30_000)
    assert len(more.fields) == MOST_FIELDS
    assert more.fault == Fault(Reason.OTHER)


@pytest.mark.parametrize("field", [(58, b""), (58, b"a\x01b")])
def test_what_could_not_be_read_again_is_not_written(field: Field) -> None:
    with pytest.raises(ValueError, match="field 58 can't have the value"):
        body_of([field], DATA)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (b"0", 0),
        (b"007", 7),
        (b"999999999999999999", 10**18 - 1),
        (b"9" * 19, None),
        (b"9" * 5_000, None),
        (b"-1", None),
        (b"", None),
        ("²".encode(), None),
        (None, None),
    ],
)
def test_a_whole_number_has_digits_and_not_too_many(value: bytes | None, number: int) -> None:
    assert whole(value) == number
