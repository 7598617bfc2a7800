"""Dead letters back to where they failed: sent once, and waited for."""

from collections.abc import Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message

from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.producer.failures import failure
from fixengine.infra.kafka.producer.patient_producer import PatientProducer
from fixengine.infra.kafka.producer.settings import LETTER_WITHIN, producer_settings
from fixengine.wire.letters import Replay

_WORD_WITHIN = LETTER_WITHIN + 2.0
"""Seconds for the producer to say of the last record that it arrived, or was given up."""

_UNSAID = "the broker has not said so"


def resend(replays: Sequence[Replay], *, cluster: Cluster, topic: str) -> tuple[str | None, ...]:
    """Send the records; return for each None, or why it may not have arrived."""
    patient = PatientProducer(producer_settings(cluster.connection(), of_letters=True))
    outcomes: list[str | None] = [_UNSAID] * len(replays)

    def delivered(number: int, error: KafkaError | None, message: Message) -> None:
        failed = failure(error, message)
        outcomes[number] = None if failed is None else failed.reason

    for number, replay in enumerate(replays):
        try:
            patient.send(
                topic,
                partition=replay.partition,
                key=replay.key,
                value=replay.value,
                headers=replay.headers,
                on_delivery=partial(delivered, number),
            )
        except KafkaException as error:  # too large, or a partition that is not there
            if not patient.hopeless:
                outcomes[number] = error.args[0].str()
    patient.wait(_WORD_WITHIN)
    hopeless = patient.hopeless or _UNSAID
    return tuple(hopeless if outcome == _UNSAID else outcome for outcome in outcomes)
