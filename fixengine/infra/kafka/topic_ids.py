"""Which topic a name means: one that was deleted and made anew has another id.

A member of the group commits the id with its place, as the place's metadata.
"""

from confluent_kafka import Uuid
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it comes from within
    TopicDescription,
)

_NO_ID = str(Uuid(0, 0))
"""What a broker gives that knows no ids."""

_TOPIC_ID = "topic id "
"""What the metadata of a committed place begins with; that of other programs does not."""


def id_of(topic: TopicDescription) -> str:
    """Return the topic's id, empty where the broker knows none."""
    found = str(topic.topic_id)
    return "" if found == _NO_ID else found


def metadata_of(topic_id: str) -> str:
    """Return the metadata of a place in the topic with that id."""
    return f"{_TOPIC_ID}{topic_id}" if topic_id else ""


def noted_id(metadata: str | None) -> str:
    """Return the id of the topic that a committed place is of, empty where it does not say."""
    return metadata.removeprefix(_TOPIC_ID) if metadata and metadata.startswith(_TOPIC_ID) else ""
