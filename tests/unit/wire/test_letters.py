from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from fixengine.ports.kafka import Headers, Record
from fixengine.wire.letters import Place, letter_headers, read_letter, replay_of, replayed_from

RECORD = Record(
    topic="orders",
    partition=3,
    offset=17,
    key=b"37",
    value=b"{",
    headers=(("__TypeId__", b"x"), ("empty", None), ("empty", b""), ("dlq.own", b"\xff")),
    timestamp_ms=None,
)
FAILED_AT = datetime(2026, 7, 28, 12, tzinfo=UTC)


def buried(record: Record, *, offset: int, reason: str = "id is missing") -> Record:
    """Return the record as it is on the dead-letter topic."""
    headers = letter_headers(record, reason=reason, failed_at=FAILED_AT)
    return replace(record, topic="orders.dlq", partition=0, offset=offset, headers=headers)


def replayed(letter: Record, *, offset: int) -> Record:
    """Return the record as it is on the orders topic, replayed."""
    replay = replay_of(read_letter(letter), letter.value)
    assert replay is not None
    return replace(
        RECORD, partition=replay.partition, offset=offset, key=replay.key, headers=replay.headers
    )


def test_a_letter_says_why_whence_and_when_beside_its_own_headers() -> None:
    assert letter_headers(RECORD, reason="id is missing", failed_at=FAILED_AT) == (
        *RECORD.headers,
        ("dlq.reason", b"id is missing"),
        ("dlq.topic", b"orders"),
        ("dlq.partition", b"3"),
        ("dlq.offset", b"17"),
        ("dlq.failed_at", b"2026-07-28T12:00:00+00:00"),
    )


def test_a_record_that_fails_again_says_why_once() -> None:
    first = replace(RECORD, headers=buried(RECORD, offset=5).headers)
    again = read_letter(buried(first, offset=6, reason="limitPrice is -1"))
    assert again.reason == "limitPrice is -1"
    assert [name for name, _ in again.record.headers].count("dlq.reason") == 1


def test_a_letter_is_read_as_it_was_written() -> None:
    letter = read_letter(buried(RECORD, offset=5))
    assert letter.place == Place(0, 5)
    assert letter.reason == "id is missing"
    assert letter.topic == "orders"
    assert letter.source == Place(3, 17)
    assert letter.failed_at == "2026-07-28T12:00:00+00:00"
    assert letter.replays == 0


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("dlq.partition", b"3"),),
        (("dlq.partition", b"3"), ("dlq.offset", None)),
        (("dlq.partition", b"-1"), ("dlq.offset", b"17")),
        (("dlq.partition", b"\xff"), ("dlq.offset", b"17")),
        (("dlq.partition", b"9999999999"), ("dlq.offset", b"17")),
        (("dlq.partition", b"3"), ("dlq.offset", b"9" * 5000)),
    ],
)
def test_a_letter_that_somebody_else_wrote_has_no_source_and_no_replay(headers: Headers) -> None:
    letter = read_letter(replace(RECORD, headers=headers))
    assert letter.source is None
    assert replay_of(letter, b"{}") is None


def test_a_replay_is_the_record_as_it_was_and_says_where_from() -> None:
    replay = replay_of(read_letter(buried(RECORD, offset=5)), RECORD.value)
    assert replay is not None
    assert (replay.partition, replay.key, replay.value) == (3, b"37", b"{")
    assert replay.headers == (
        *RECORD.headers,
        ("dlq.replayed_from", b"orders.dlq/0/5 orders/3/17"),
        ("dlq.replays", b"1"),
    )


def test_replays_are_counted_from_letter_to_letter() -> None:
    first = replayed(buried(RECORD, offset=5), offset=20)
    second = replayed(buried(first, offset=6), offset=21)
    letter = read_letter(buried(second, offset=7))
    assert letter.replays == 2
    assert replayed_from(first) == b"orders.dlq/0/5 orders/3/17"
    assert replayed_from(second) == b"orders.dlq/0/6 orders/3/20"
    assert [name for name, _ in second.headers].count("dlq.replayed_from") == 1


def test_a_letter_at_the_place_of_another_is_not_taken_for_it() -> None:
    """The topic was lost, and the orders were read again."""
    lost = read_letter(buried(RECORD, offset=5))
    other = read_letter(buried(replace(RECORD, offset=18), offset=5))
    assert lost.place == other.place
    assert lost.origin != other.origin


def test_a_record_with_no_such_header_is_no_replay() -> None:
    assert replayed_from(RECORD) is None
