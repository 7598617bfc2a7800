"""Why a message is not in its topic, by what the driver says of it."""

from confluent_kafka import KafkaError, Message

from fixengine.ports.kafka import Failure

_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
_OF_ITSELF = {
    *_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_TIMESTAMP,
}

_NO_PROOF = "there was no proof that no other engine has taken it over"
_UNWRITTEN: dict[int, str] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "this user may not write to it: allow WRITE",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this user may write to no topic: allow WRITE",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "there is no such topic",
    KafkaError._UNKNOWN_TOPIC: "there is no such topic",  # noqa: SLF001 - its name
    KafkaError._UNKNOWN_PARTITION: "there is no such topic or partition",  # noqa: SLF001 - as above
    KafkaError._PURGE_QUEUE: _NO_PROOF,  # noqa: SLF001 - as above
    KafkaError._PURGE_INFLIGHT: _NO_PROOF,  # noqa: SLF001 - as above
    KafkaError.INVALID_RECORD: (
        "the broker refuses the record: it has no key and the topic is compacted, or its time is "
        "too far from the topic's: look at cleanup.policy and message.timestamp.*, and the clocks"
    ),
    KafkaError.INVALID_TIMESTAMP: (
        "the broker refuses the record's time: look at message.timestamp.* of the topic, and at "
        "the clocks"
    ),
    KafkaError._MSG_TIMED_OUT: "the broker has not acknowledged it in time",  # noqa: SLF001 - as above
}


def failure(error: KafkaError | None, message: Message) -> Failure | None:
    """Return why a message may not be in its topic, by its delivery report; None when it is there.

    When the broker takes a batch for a repetition of one that it no longer knows, librdkafka
    reports its messages as delivered but without an offset. The broker may never have had them.
    """
    if error is not None:
        return failure_of(error)
    offset = message.offset()
    unknown = offset is None or offset < 0
    return Failure(reason="the broker named no offset for it") if unknown else None


def failure_of(error: KafkaError) -> Failure:
    """Return what an error means for the message that it is of."""
    code = error.code()
    return Failure(
        reason=reason(error),
        too_large=code in _TOO_LARGE,
        of_itself=code in _OF_ITSELF,
    )


def reason(error: KafkaError) -> str:
    """Return why a message was not written: in our words, else in the driver's."""
    return _UNWRITTEN.get(error.code(), error.str())
