"""Whatever the bytes, the decoder takes a sound order or gives a reason; it never raises else."""

import json
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.dlq.view import body
from fixengine.errors import MalformedError
from fixengine.wire.creation import creation_time
from fixengine.wire.orders import decode_order
from tests.fuzz.hostile import hostile_records
from tests.fuzz.promises import assert_reason, assert_sound
from tests.fuzz.values import TEXTS, huge

FIELDS = {
    "id": b"37",
    "tradeType": b'"BUY"',
    "destination": b'"ML"',
    "security": b'{"securityId":"68bda020e3644b42ebcb2bd3"}',
    "quantity": b"134.00000000",
    "limitPrice": b"44.1",
    "receivedTimestamp": b"1785240970.233793461",
    "tradeServiceExecutionId": b"12",
    "version": b"1",
    "securityId": b'"68bda020e3644b42ebcb2bd3"',
    "createdAt": b"1785240970233",
    "unknown": b"null",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.sampled_from(TEXTS) | JSON.map(lambda value: json.dumps(value, default=str).encode())


def render(fields: list[tuple[str, bytes]]) -> bytes:
    return b"{%s}" % b",".join(b'"%s":%s' % (name.encode(), text) for name, text in fields)


def assert_read(value: bytes | None) -> bool:
    """Return whether the decoder takes it."""
    creation_time((("created_at", value),), value, None)
    try:
        assert_sound(decode_order(value))
    except MalformedError as error:
        assert_reason(str(error))
        return False
    return True


def test_the_fields_are_good() -> None:
    assert assert_read(render(list(FIELDS.items())))


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_with_each_value(field: str) -> None:
    taken = [assert_read(render([*{**FIELDS, field: text}.items()])) for text in TEXTS]
    assert sum(taken) < len(TEXTS)


@given(st.binary(max_size=300))
def test_any_bytes(value: bytes) -> None:
    assert not assert_read(value)
    list(body(value))


@given(st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), TEXT), max_size=4), st.data())
def test_doubled_and_shuffled_fields_with_values_of_any_type(
    more: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    assert_read(render(data.draw(st.permutations([*FIELDS.items(), *more]))))


@given(st.data())
def test_bytes_put_in_or_left_out_anywhere(data: st.DataObject) -> None:
    good = render(list(FIELDS.items()))
    first, last = sorted(data.draw(st.lists(st.integers(0, len(good)), min_size=2, max_size=2)))
    assert_read(good[:first] + data.draw(st.binary(max_size=8)) + good[last:])


@pytest.mark.parametrize("size", [10_000, 950_000])
def test_huge_texts_in_any_field(size: int) -> None:
    rng = Random(size)
    for field in FIELDS:
        assert_read(render([*{**FIELDS, field: huge(rng, size)}.items()]))


def test_hostile_records_are_the_same_for_a_seed_and_their_fate_is_as_foretold() -> None:
    records = list(islice(hostile_records(7), 2_000))
    assert records == list(islice(hostile_records(7), 2_000))
    assert records != list(islice(hostile_records(8), 2_000))
    missing = b"f" * 24  # for this one it is security-service that refuses
    for record in records:
        taken = assert_read(record.value)
        assert record.stored in {None, taken} or missing in (record.value or b"")
