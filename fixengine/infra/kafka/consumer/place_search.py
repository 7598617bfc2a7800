"""The search for a name under which an engine joins the group: perhaps a dead member's."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it comes from within
    ConsumerGroupDescription,
)
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.inquiry import Questions

TakePlace = Callable[[Sequence[str]], str]
"""Takes the names of the group's members, and returns that under which to join.

Raises UnavailableError when it can't say so now.
"""

_DESCRIBED_WITHIN = 3.0
"""Seconds for the broker to name the members: the consumer says better why it does not answer."""

_LOOK = 0.05
"""Seconds until a name is asked for again where there was none."""


class PlaceSearch:
    """Members without partitions come last: there is less to be had from them."""

    def __init__(self, *, group: str, connection: Mapping[str, Any], take: TakePlace) -> None:
        self._group = group
        self._questions = Questions(connection)
        self._take = take
        self._asked: Future[ConsumerGroupDescription] | None = None
        self._until = 0.0
        self.said = "it joins the group when the database can be reached"

    def find(self, timeout: float) -> str | None:
        """Return a name, None if there is none after `timeout` seconds: then call it again."""
        now = monotonic()
        if self._asked is None or (self._asked.done() and now >= self._until):
            self._asked = self._questions.group(self._group)
            self._until = now + _DESCRIBED_WITHIN
        members = self._members(self._asked, timeout)
        if members is None:
            return None
        try:
            name = self._take(members)
        except UnavailableError as error:
            logger.bind(reason=str(error)).debug("there is no place in the group yet")
            sleep(min(timeout, _LOOK))
            return None
        self._asked = None
        self._questions.close()
        return name

    def _members(
        self, asked: "Future[ConsumerGroupDescription]", timeout: float
    ) -> Sequence[str] | None:
        """Return the members' names, none of them where the group can't be looked at."""
        try:
            described = asked.result(timeout)
        except TimeoutError:
            return () if monotonic() >= self._until else None
        except KafkaException as error:
            logger.bind(error=str(error)).debug("the group can't be looked at")
            return ()
        by_partitions = sorted(
            described.members, key=lambda member: -len(member.assignment.topic_partitions)
        )
        names = (member.group_instance_id for member in by_partitions)
        return [name for name in names if name]
