from datetime import UTC, datetime

from fixengine.letters import letter_headers
from fixengine.ports import Record

RECORD = Record(
    topic="orders",
    partition=3,
    offset=17,
    key=b"37",
    value=b"{",
    headers=(("__TypeId__", b"x"), ("empty", None), ("dlq.reason", b"an earlier one")),
    timestamp_ms=None,
)


def test_a_letter_says_why_whence_and_when_beside_its_own_headers() -> None:
    failed_at = datetime(2026, 7, 28, 12, tzinfo=UTC)
    assert letter_headers(RECORD, reason="id is missing", failed_at=failed_at) == (
        ("__TypeId__", b"x"),
        ("empty", None),
        ("dlq.reason", b"id is missing"),
        ("dlq.topic", b"orders"),
        ("dlq.partition", b"3"),
        ("dlq.offset", b"17"),
        ("dlq.failed_at", b"2026-07-28T12:00:00+00:00"),
    )
