"""What a broker says of a topic or a group that is read, in words that name the remedy."""

from confluent_kafka import KafkaError, KafkaException

_GROUP_DENIED = KafkaError.GROUP_AUTHORIZATION_FAILED
_GROUP = "allow this user READ on the group {group}"
_REFUSALS: dict[int, str] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: (
        "the topic {topic} may not be read: allow this user READ and DESCRIBE on it"
    ),
    _GROUP_DENIED: f"the group may not be joined: {_GROUP}",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: f"the cluster refuses this user: {_GROUP}",
    KafkaError.INCONSISTENT_GROUP_PROTOCOL: (
        "the group {group} has members with another protocol: end them, or give this engine a "
        "KAFKA_CONSUMER_GROUP of its own"
    ),
    KafkaError.INVALID_GROUP_ID: "the broker takes no group {group}: mend KAFKA_CONSUMER_GROUP",
    KafkaError.GROUP_MAX_SIZE_REACHED: (
        "the group {group} is full: start fewer engines, or raise the broker's group.max.size"
    ),
    KafkaError.INVALID_SESSION_TIMEOUT: (
        "the broker refuses the session timeout: give KAFKA_CLIENT_CONFIG a session.timeout.ms "
        "from group.min.session.timeout.ms to group.max.session.timeout.ms"
    ),
    KafkaError.UNSUPPORTED_VERSION: (
        "the broker is of a version that the engine can't work with: use Kafka 2.4 or newer"
    ),
    KafkaError.TOPIC_EXCEPTION: ("the broker takes no topic {topic}: mend KAFKA_ORDERS_TOPIC"),
    KafkaError.FENCED_INSTANCE_ID: (
        "another member of the group {group} has this engine's group.instance.id: give each "
        "engine its own in KAFKA_CLIENT_CONFIG, or none"
    ),
}

NO_TOPIC = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - its name
}
_SILENT = {
    KafkaError._TRANSPORT,  # noqa: SLF001 - its name
    KafkaError._TIMED_OUT,  # noqa: SLF001 - its name
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - its name
}


def refusal(code: int, said: str, *, group: str, topic: str) -> str | None:
    """Return why the group can't be joined or the topic not read; None: the error may pass."""
    words = _REFUSALS.get(code)
    return None if words is None else f"{words.format(group=group, topic=topic)} ({said})"


def replaced(said: str, *, group: str) -> str:
    """Return why an engine has lost the place that it took by itself."""
    return (
        f"another engine has taken this one's place in the group {group}: this one had lost its "
        f"session with the database, and seemed to be gone; it joins anew ({said})"
    )


def unreadable(code: int, said: str, *, topic: str, silence: str = "") -> str:
    """Return why a consumer in no group can't read a topic; `silence`: why no broker answers."""
    if code in NO_TOPIC:
        return f"there is no topic {topic}"
    if silence and code in _SILENT:
        return f"the broker does not answer: {silence}"
    refused = code == KafkaError.TOPIC_AUTHORIZATION_FAILED
    words = refusal(code, said, group="", topic=topic) if refused else None
    return words or f"the topic {topic} can't be read: {said}"


def unread(said: str, *, place: str) -> str:
    """Return why a partition can't be read from a place on, and what to do."""
    return (
        f"nothing is read from {place} on: {said}: where this does not pass, records there are "
        "damaged: delete them by kafka-delete-records.sh, up to the first that is sound"
    )


def unseen(error: KafkaException | TimeoutError, *, group: str) -> str:
    """Return why nobody can say who is in the group.

    The driver and whoever waits for its answer give up at the same time, each in its own words.
    """
    if isinstance(error, KafkaException) and error.args[0].code() == _GROUP_DENIED:
        return f"the group {group} may not be looked at: allow this user DESCRIBE on it"
    return f"the group {group} can't be looked at: {_said(error)}: look at KAFKA_BROKERS"


def unfound(error: KafkaException | TimeoutError, *, group: str, topic: str) -> str:
    """Return why nobody can say, or change, where the group is in the topic."""
    place = f"the place of the group {group} in {topic}"
    refused = None
    if isinstance(error, KafkaException):
        failure: KafkaError = error.args[0]
        if failure.code() in NO_TOPIC:
            return f"there is no topic {topic}: look at KAFKA_BROKERS and KAFKA_ORDERS_TOPIC"
        refused = refusal(failure.code(), failure.str(), group=group, topic=topic)
    return refused or f"{place} can't be had: {_said(error)}: look at KAFKA_BROKERS"


def _said(error: KafkaException | TimeoutError) -> str:
    if isinstance(error, TimeoutError) or error.args[0].code() in _SILENT:
        return "no broker answers"
    said: str = error.args[0].str()
    return said
