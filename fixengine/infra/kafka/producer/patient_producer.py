"""A command's producer: it waits for room, and for the broker's word on what was sent."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from fixengine.infra.kafka.producer.failures import reason
from fixengine.ports.kafka import Headers

_POLL_SECONDS = 0.1
"""How long one poll waits; a stop of the command comes between two."""

_ANY_PARTITION = -1
"""The driver then chooses a partition by the key."""


class PatientProducer:
    """Waits until all is acknowledged, or can't be any more: `hopeless` says why."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Take librdkafka's settings."""
        self.hopeless = ""
        self._producer = Producer({**settings})

    def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        on_delivery: Callable[[KafkaError | None, Message], None],
        partition: int = _ANY_PARTITION,
        given_up: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Queue a message, waiting while the queue is full; say whether it is queued.

        It is not when `given_up` says so meanwhile. Raises KafkaException where the driver does not
        take the message, as when it is too large.
        """
        while not given_up():
            try:
                self._producer.produce(
                    topic,
                    partition=partition,
                    key=key,
                    value=value,
                    headers=[*headers],
                    on_delivery=on_delivery,
                )
            except BufferError:
                self._poll(_POLL_SECONDS)  # room comes with deliveries
            else:
                self._poll(0)
                return True
        return False

    def wait(self, seconds: float) -> int:
        """Wait for answers for so long at the most; return how many messages have none."""
        until = monotonic() + seconds
        while len(self._producer) and not self.hopeless and monotonic() < until:
            self._poll(_POLL_SECONDS)
        return len(self._producer)

    def _poll(self, timeout: float) -> None:
        """Serve acknowledgements, waiting `timeout` seconds for the first."""
        try:
            self._producer.poll(timeout)
        except KafkaException as error:  # no callback hears of what is fatal
            self.hopeless = reason(error.args[0])
