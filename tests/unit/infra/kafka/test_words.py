"""What the broker says of a topic or a group is told with the remedy."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from fixengine.infra.kafka.words import refusal, unfound, unseen


def test_a_refusal_names_group_and_topic_and_keeps_what_the_broker_said() -> None:
    words = refusal(
        KafkaError.TOPIC_AUTHORIZATION_FAILED, "Broker: no", group="engines", topic="orders"
    )
    assert words is not None
    assert "orders" in words
    assert "READ" in words
    assert words.endswith("(Broker: no)")


def test_what_passes_by_itself_is_no_refusal() -> None:
    code = KafkaError.COORDINATOR_NOT_AVAILABLE
    assert refusal(code, "Broker: later", group="engines", topic="orders") is None


def of(code: int) -> KafkaException:
    return KafkaException(KafkaError(code))


@pytest.mark.parametrize(
    "error", [TimeoutError(), of(KafkaError._TIMED_OUT), of(KafkaError._ALL_BROKERS_DOWN)]
)
def test_a_silent_broker_is_said_in_the_same_words_whoever_gives_up_first(
    error: KafkaException | TimeoutError,
) -> None:
    silence = "no broker answers: look at KAFKA_BROKERS"
    assert unseen(error, group="engines") == f"the group engines can't be looked at: {silence}"
    assert unfound(error, group="engines", topic="orders").endswith(f"can't be had: {silence}")


def test_a_group_whose_place_may_not_be_read_is_told_the_missing_right() -> None:
    words = unfound(of(KafkaError.GROUP_AUTHORIZATION_FAILED), group="engines", topic="orders")
    assert "allow this user READ on the group engines" in words


def test_who_may_not_look_at_the_group_is_told_the_missing_right() -> None:
    words = unseen(of(KafkaError.GROUP_AUTHORIZATION_FAILED), group="engines")
    assert words == "the group engines may not be looked at: allow this user DESCRIBE on it"
