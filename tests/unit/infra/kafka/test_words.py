"""What the broker says of a topic or a group is told with the remedy."""

from confluent_kafka import KafkaError

from fixengine.infra.kafka.words import refusal


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
