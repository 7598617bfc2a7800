from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fixengine.ports.kafka import Headers, Record
from fixengine.wire.letters import letter_headers, read_letter, replay_of, restored
from fixengine.wire.shortening import marks, measures, next_room, shorten, size

HEADERS: Headers = (("one", b"1" * 50), ("two", None), ("three", b"3" * 5_000))
RECORD = Record(
    topic="orders",
    partition=3,
    offset=17,
    key=b"k" * 1_000,
    value=b"v" * 100_000,
    headers=HEADERS,
    timestamp_ms=None,
)
NOW = datetime(2026, 7, 28, 12, tzinfo=UTC)

records = st.builds(
    Record,
    topic=st.just("orders"),
    partition=st.just(0),
    offset=st.just(0),
    key=st.none() | st.binary(max_size=300),
    value=st.none() | st.binary(max_size=3_000),
    headers=st.lists(
        st.tuples(st.text(max_size=30), st.none() | st.binary(max_size=300)), max_size=5
    ).map(tuple),
    timestamp_ms=st.none(),
)


@given(records, st.integers(min_value=0, max_value=4_000))
def test_what_is_kept_is_the_beginning_and_fits(record: Record, room: int) -> None:
    kept = shorten(record, room)
    assert size(kept) <= room
    assert (record.value or b"").startswith(kept.value or b"")
    assert (record.key or b"").startswith(kept.key or b"")
    assert record.headers[: len(kept.headers)] == kept.headers
    assert (kept.value is None, kept.key is None) == (record.value is None, record.key is None)


@given(records, st.integers(min_value=0, max_value=4_000))
def test_a_part_says_so_and_a_whole_record_does_not(record: Record, room: int) -> None:
    kept = shorten(record, room)
    assert bool(marks(kept, measures(record))) == (kept != record)


def test_a_part_says_how_long_the_whole_was() -> None:
    kept = shorten(RECORD, 1_024)
    assert (kept.key, kept.headers) == (b"k" * 128, HEADERS[:2])
    digest = measures(RECORD).digest.encode()
    assert marks(kept, measures(RECORD)) == (
        ("dlq.shortened", b"100000"),
        ("dlq.digest", digest),
        ("dlq.shortened_key", b"1000"),
        ("dlq.shortened_headers", b"3"),
    )


def test_a_value_alone_is_cut_where_the_rest_is_small() -> None:
    record = replace(RECORD, key=b"37", headers=HEADERS[:2])
    kept = shorten(record, 8_192)
    assert dict(marks(kept, measures(record))).keys() == {"dlq.shortened", "dlq.digest"}
    assert size(kept) == 8_192


def test_sizes_go_down_to_nothing() -> None:
    tried: list[int] = []
    room = next_room(RECORD, None)
    while room is not None:
        tried.append(room)
        room = next_room(RECORD, room)
    assert tried == sorted(tried, reverse=True)
    assert tried[0] < size(RECORD)
    assert tried[-1] == 0


def written(record: Record, room: int, *, reason: str = "id is missing") -> Record:
    """Return the shortened letter as it is on its topic."""
    kept = shorten(record, room)
    headers = letter_headers(kept, reason=reason, failed_at=NOW, original=measures(record))
    return replace(kept, topic="orders.dlq", partition=0, offset=5, headers=headers)


def test_a_long_reason_is_cut_too_between_letters() -> None:
    letter = read_letter(written(RECORD, 0, reason="é" * 1_000))
    assert letter.reason == "é" * 250


def test_a_shortened_letter_is_replayed_as_the_whole_record_that_failed() -> None:
    own = (
        ("trace", b"x"),
        ("dlq.replayed_from", b"orders.dlq/0/1 orders/3/2"),
        ("dlq.replays", b"2"),
    )
    record = replace(RECORD, headers=own)
    letter = read_letter(written(record, 64))
    assert letter.shortened == measures(record)
    assert not letter.can_be_fixed
    whole = restored(letter, record)
    assert whole is not None
    replay = replay_of(whole, whole.record.value)
    assert replay is not None
    assert (replay.partition, replay.key, replay.value) == (3, record.key, record.value)
    assert replay.headers == (
        ("trace", b"x"),
        ("dlq.replayed_from", letter.origin),
        ("dlq.replays", b"3"),
    )


def test_another_record_at_the_place_of_the_order_is_not_taken_for_it() -> None:
    letter = read_letter(written(RECORD, 1_024))
    assert RECORD.value is not None
    alike = RECORD.value[:-1] + b"!"  # but for what the letter has no room for
    for other in ({"value": alike}, {"value": b"v"}, {"key": b"other"}, {"value": None}):
        assert restored(letter, replace(RECORD, **other)) is None


def test_a_letter_with_all_but_its_body_can_be_corrected() -> None:
    assert read_letter(written(replace(RECORD, key=None, headers=HEADERS[:2]), 1_024)).can_be_fixed
    assert not read_letter(written(replace(RECORD, headers=HEADERS[:2]), 1_024)).can_be_fixed
    assert not read_letter(written(replace(RECORD, key=None), 1_024)).can_be_fixed
