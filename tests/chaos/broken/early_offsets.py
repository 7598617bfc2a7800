"""Offsets are committed as soon as records are read, before they are stored."""

from fixengine.cli import main
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.ports.kafka import Record

_poll = KafkaSource.poll


def _poll_and_commit(self: KafkaSource, limit: int, timeout: float) -> tuple[Record, ...]:
    records = _poll(self, limit, timeout)
    if records:
        self.commit({record.partition: record.offset + 1 for record in records})
    return records


if __name__ == "__main__":
    KafkaSource.poll = _poll_and_commit  # type: ignore[method-assign]
    main()
