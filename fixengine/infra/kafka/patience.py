"""A command's producer, and how long it is worth to wait for what it has sent."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from fixengine.infra.kafka.words import unwritten

_STEP = 0.1


class PatientProducer:
    """Waits until all is acknowledged, or can't be any more: `hopeless` says why."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Take librdkafka's settings."""
        self.hopeless = ""
        self.producer = Producer({**settings})

    def wait(self, seconds: float) -> int:
        """Wait so long at the most; return how many messages have no answer."""
        until = monotonic() + seconds
        while len(self.producer) and not self.hopeless and monotonic() < until:
            self.poll(_STEP)
        return len(self.producer)

    def poll(self, timeout: float) -> None:
        """Serve acknowledgements, waiting `timeout` seconds for the first."""
        try:
            self.producer.poll(timeout)
        except KafkaException as error:  # no callback hears of what is fatal
            fatal: KafkaError = error.args[0]
            self.hopeless = unwritten(fatal.code()) or fatal.str()
