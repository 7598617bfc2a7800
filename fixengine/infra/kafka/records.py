"""A message as the driver has it becomes a record."""

from operator import methodcaller
from typing import cast

from confluent_kafka import Message

from fixengine.ports.kafka import Headers, Record

# called by the interpreter itself, the driver may go on with an error set, and with a broken list
_headers_of = methodcaller("headers")


def record_of(message: Message) -> Record:
    """Return the record of a message that is no error."""
    kind, timestamp = message.timestamp()
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
        headers=_headers(message),
        timestamp_ms=timestamp if kind else None,
    )


def _headers(message: Message) -> Headers:
    """Return the headers: () where a name is not UTF-8, as the driver can't read it."""
    try:
        return tuple(cast("list[tuple[str, bytes | None]]", _headers_of(message) or ()))
    except SystemError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            return ()
        raise


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
