"""Topics that go away."""

from collections.abc import Sequence

from confluent_kafka.admin import AdminClient


def drop_topics(bootstrap: str, names: Sequence[str], *, deadline_seconds: float = 60.0) -> None:
    """Delete topics with what is in them; raises KafkaException when the broker does not."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    for answer in admin.delete_topics([*names], request_timeout=deadline_seconds).values():
        answer.result(deadline_seconds)
