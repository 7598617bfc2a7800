"""How long there is no consumer after one that could not go on."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.infra.kafka_group import has_instance
from fixengine.infra.kafka_words import refusal

_FIRST_REST, _LONGEST_REST = 2.0, 60.0  # seconds
_LOOK_AGAIN = 5.0


class Absence:
    """Each rest is twice as long as the one before, until a consumer lives for long.

    A static member does not come back as long as another has its name: it would throw that one
    out, and be thrown out in turn.
    """

    def __init__(
        self, *, group: str, topic: str, instance: str | None, connection: Mapping[str, Any]
    ) -> None:
        self._group, self._topic = group, topic
        self._instance = instance
        self._connection = connection
        self._rest = _FIRST_REST
        self._back_at = self._ended_at = 0.0
        self.reason = ""

    def begin(self, error: str) -> None:
        """Give up a consumer for what its driver says; `reason` is that in words."""
        fenced = "fenced" in error
        code = KafkaError.FENCED_INSTANCE_ID if fenced else KafkaError._FATAL  # noqa: SLF001 - its name
        words = refusal(code, error, group=self._group, topic=self._topic)
        self.reason = words or f"the consumer can't go on, it is made anew: {error}"
        now = monotonic()
        if now - self._ended_at > _LONGEST_REST:
            self._rest = _FIRST_REST
        self._back_at = now + self._rest
        self._rest = min(2 * self._rest, _LONGEST_REST)

    def over(self) -> bool:
        """Say whether it is time for another consumer, and end the absence if so."""
        if monotonic() < self._back_at:
            return False
        if self._name_is_taken():
            self._back_at = monotonic() + _LOOK_AGAIN
            return False
        self._ended_at = monotonic()
        self.reason = ""
        return True

    def _name_is_taken(self) -> bool:
        if self._instance is None:
            return False
        try:
            return has_instance(self._group, self._instance, settings=self._connection)
        except UnavailableError as error:  # without a broker nobody can be thrown out either
            logger.bind(error=str(error)).debug("the group can't be looked at")
            return False
