"""Questions to the cluster that nobody waits for, such as a consumer has between its polls."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from time import monotonic
from typing import Any, Generic, TypeVar

from confluent_kafka import TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # some come from within
    AdminClient,
    ConsumerGroupDescription,
    TopicDescription,
)

INTERVAL = 5.0
"""Seconds between an answer and the next question."""

_REQUEST_SECONDS = 5.0
"""Time after which the driver gives up a question."""

Answer = TypeVar("Answer")


class Questions:
    """One client for all questions: it is made with the first question, and lives on."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        # the consumer itself says why a broker can't be reached
        self._settings = {**connection, "log_level": 0}
        self._client: AdminClient | None = None

    def topic(self, name: str) -> "Future[TopicDescription]":
        """Ask for a topic."""
        asked = self._admin().describe_topics(
            TopicCollection([name]), request_timeout=_REQUEST_SECONDS
        )
        return asked[name]

    def group(self, name: str) -> "Future[ConsumerGroupDescription]":
        """Ask for a consumer group."""
        return self._admin().describe_consumer_groups([name], request_timeout=_REQUEST_SECONDS)[
            name
        ]

    def close(self) -> None:
        """Let go of the client; what it was asked is not answered."""
        self._client = None

    def _admin(self) -> AdminClient:
        if self._client is None:
            self._client = AdminClient(self._settings)
        self._client.poll(0)  # else what it has to say to nobody piles up
        return self._client


class Inquiry(Generic[Answer]):
    """A question that is asked again and again."""

    def __init__(
        self, ask: Callable[[], "Future[Answer]"], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._asked: Future[Answer] | None = None
        self._next = clock()

    def again(self) -> None:
        """Ask at once; what is on its way is of no use any more."""
        self._asked, self._next = None, self._clock()

    def answer(self) -> Answer | None:
        """Return what has come since the last call, None if nothing; call it now and then.

        Raises KafkaException where the cluster could not answer.
        """
        if self._asked is None:
            if self._clock() >= self._next:
                self._asked = self._ask()
            return None
        if not self._asked.done():
            return None
        answered, self._asked, self._next = self._asked, None, self._clock() + INTERVAL
        return answered.result()
