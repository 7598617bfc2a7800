"""Whether a topic was deleted, or made anew as well: a consumer that reads on is not told."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it comes from within
    AdminClient,
    TopicDescription,
)
from loguru import logger

INTERVAL = 5.0
"""Seconds between looks."""

_PATIENCE = 5.0


class TopicWatch:
    """Compares what a topic is called within the cluster, and never waits for the answer."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        topic: str,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settings = dict(settings)
        self._topic = topic
        self._clock = clock
        self._next = clock()
        self._asked: tuple[AdminClient, Future[TopicDescription]] | None = None
        self._id: str | None = None
        self.missing = False

    def made_anew(self) -> bool:
        """Say whether it is another topic than it was; call it now and then."""
        if self._asked is None:
            if self._clock() >= self._next:
                self._ask()
            return False
        _, answer = self._asked
        if not answer.done():
            return False
        self._asked, self._next = None, self._clock() + INTERVAL
        try:
            found = str(answer.result().topic_id)
        except KafkaException as error:
            self.missing = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            logger.bind(error=str(error)).debug("the topic can't be described")
            return False
        self.missing = False
        before, self._id = self._id, found
        return before is not None and before != found

    def _ask(self) -> None:
        # a client for each look: one that stays has threads and a connection of its own
        admin = AdminClient(self._settings)
        asked = admin.describe_topics(TopicCollection([self._topic]), request_timeout=_PATIENCE)
        self._asked = admin, asked[self._topic]
