"""How long to wait before another consumer takes the place of one that could not go on."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from loguru import logger

from fixengine.infra.kafka.inquiry import Inquiry, Questions
from fixengine.infra.kafka.words import refusal, replaced

_FIRST_REST, _LONGEST_REST = 2.0, 60.0
"""Seconds without a consumer: after the first that could not go on, and at the most."""


class Absence:
    """Each rest is twice as long as the one before, until a consumer has lived for long.

    A static member stays away while another has its name: the two would throw each other out.
    """

    def __init__(
        self, *, group: str, topic: str, instance: str | None, connection: Mapping[str, Any]
    ) -> None:
        self._group, self._topic = group, topic
        self._instance = instance
        self._questions = Questions(connection)
        self._members = Inquiry(lambda: self._questions.group(group))
        self._rest = _FIRST_REST
        self._back_at = self._ended_at = 0.0
        self.reason = ""

    def begin(self, error: str) -> None:
        """Give up a consumer; `reason` then says in words what its driver told."""
        fenced = "fenced" in error
        code = KafkaError.FENCED_INSTANCE_ID if fenced else KafkaError._FATAL  # noqa: SLF001 - its name
        words = refusal(code, error, group=self._group, topic=self._topic)
        if fenced and self._instance is None:
            words = replaced(error, group=self._group)
        self.reason = words or f"the consumer can't go on, it is made anew: {error}"
        self._members.again()
        now = monotonic()
        if now - self._ended_at > _LONGEST_REST:
            self._rest = _FIRST_REST
        self._back_at = now + self._rest
        self._rest = min(2 * self._rest, _LONGEST_REST)

    def over(self) -> bool:
        """Say whether it is time for another consumer, and end the absence if so."""
        if monotonic() < self._back_at:
            return False
        if self._instance is not None and not self._is_free(self._instance):
            return False
        self._questions.close()
        self._ended_at = monotonic()
        self.reason = ""
        return True

    def _is_free(self, instance: str) -> bool:
        """Say whether the group is known to have no member of that name."""
        try:
            group = self._members.answer()
        except KafkaException as error:
            logger.bind(error=str(error)).debug("the group can't be looked at")
            return False
        return group is not None and all(
            member.group_instance_id != instance for member in group.members
        )
