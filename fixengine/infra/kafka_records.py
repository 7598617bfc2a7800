"""A message as the driver has it becomes a record."""

from typing import cast

from confluent_kafka import Message

from fixengine.ports import Record


def record_of(message: Message) -> Record:
    """Return the record of a message that is no error."""
    kind, timestamp = message.timestamp()
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    partition, offset, topic = message.partition(), message.offset(), message.topic()
    assert partition is not None
    assert offset is not None
    assert topic is not None
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=tuple(headers),
        timestamp_ms=timestamp if kind else None,
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
