"""Dead letters back to where they failed: sent once, and waited for."""

from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message

from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.patience import PatientProducer
from fixengine.infra.kafka.sink import failure, producer_settings
from fixengine.wire.letters import Replay

PATIENCE = 30.0
"""Seconds after which the producer gives up a record."""

_MARGIN = 2.0
_UNSAID = "the broker has not said so"


def resend(replays: Sequence[Replay], *, cluster: Cluster, topic: str) -> tuple[str | None, ...]:
    """Send the records; return for each None, or why it may not have arrived.

    Each has PATIENCE seconds.
    """
    patient = PatientProducer(
        {
            **producer_settings(cluster.connection(), of_letters=True),
            "message.timeout.ms": int(PATIENCE * 1000),
        }
    )
    outcomes: list[str | None] = [_UNSAID] * len(replays)

    def delivered(number: int, error: KafkaError | None, message: Message) -> None:
        failed = failure(error, message)
        outcomes[number] = None if failed is None else failed.reason

    for number, replay in enumerate(replays):
        try:
            _produce(patient, topic, replay, partial(delivered, number))
        except KafkaException as error:  # too large, or a partition that is not there
            if not patient.hopeless:
                outcomes[number] = error.args[0].str()
    patient.wait(PATIENCE + _MARGIN)
    hopeless = patient.hopeless or _UNSAID
    return tuple(hopeless if outcome == _UNSAID else outcome for outcome in outcomes)


def _produce(
    patient: PatientProducer,
    topic: str,
    replay: Replay,
    on_delivery: Callable[[KafkaError | None, Message], None],
) -> None:
    while True:
        try:
            return patient.producer.produce(
                topic,
                partition=replay.partition,
                key=replay.key,
                value=replay.value,
                headers=list(replay.headers),
                on_delivery=on_delivery,
            )
        except BufferError:
            patient.poll(_MARGIN)  # room comes with deliveries
