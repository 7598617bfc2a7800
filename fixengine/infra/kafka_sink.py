"""Fills and dead letters out: an idempotent producer, and the topics it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.leases import DELIVERY
from fixengine.ports import Headers, Report

LARGEST_MESSAGE = 10 * 2**20
"""Bytes: a dead letter is its record and its headers more, and must find a place."""

_SETTINGS: dict[str, Any] = {
    "enable.idempotence": True,
    "acks": "all",
    # one request is for one partition: with fewer, a claim's fills over twenty wait for each other;
    # what the broker then takes for a repetition, and is none, `failure` finds out
    "max.in.flight": 5,
    "message.timeout.ms": int(DELIVERY * 1000),
    # a connection that is dead but not closed is found out while messages can still be sent again
    "socket.timeout.ms": 5_000,
    "linger.ms": 1,  # a claim's fills come at once, and while a request is under way others gather
    "message.max.bytes": LARGEST_MESSAGE,
    "queue.buffering.max.kbytes": 16_384,
    "topic.metadata.refresh.interval.ms": 10_000,
}


# KAFKA_CLIENT_CONFIG is for all clients; a producer warns about what means nothing to it
_OF_CONSUMERS = frozenset(
    {
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "max.poll.interval.ms",
        "group.instance.id",
        "fetch.wait.max.ms",
        "fetch.min.bytes",
        "fetch.message.max.bytes",
        "fetch.max.bytes",
        "queued.min.messages",
        "queued.max.messages.kbytes",
        "isolation.level",
        "check.crcs",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic the engine creates when it is absent, and never alters.

    A `large` one takes messages of up to LARGEST_MESSAGE bytes.
    """

    name: str
    partitions: int
    replication_factor: int
    large: bool = False


class KafkaSink:
    """The producer; all methods are for one thread alone."""

    def __init__(
        self,
        *,
        brokers: str,
        client_id: str,
        topics: tuple[Topic, ...],
        client_config: Mapping[str, object],
    ) -> None:
        self._topics = topics
        self._connection: dict[str, Any] = {
            **_without_consumers(client_config),
            "bootstrap.servers": brokers,
            "client.id": client_id,
            "logger": getLogger("librdkafka"),
        }
        self._producer: Producer | None = None
        self._report: Report | None = None
        self._fatal: KafkaError | None = None
        self._last_error = ""

    def open(self, report: Report) -> None:
        """Create the producer; it connects by itself. `report` must not raise."""
        self._report = report
        settings = producer_settings(self._connection)
        self._producer = Producer({**settings, "error_cb": self._on_error})

    def ensure_topics(self, timeout: float) -> Mapping[str, str]:
        """Create what is absent of the topics; return what can't be created, and why.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        try:
            present = self._opened().list_topics(timeout=timeout).topics
        except KafkaException as error:
            reason = self._last_error or str(error)
            raise UnavailableError(f"the broker does not answer: {reason}") from error
        self._last_error = ""
        missing = [topic for topic in self._topics if topic.name not in present]
        return self._create(missing, timeout) if missing else {}

    def produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        token: object,
    ) -> None:
        """Queue a message, of which a later `poll` reports; of one that is too large, at once.

        Raises UnavailableError when the queue is full: poll and try again.
        """
        try:
            self._opened().produce(
                topic,
                value=value,
                key=key,
                headers=list(headers),
                on_delivery=partial(self._delivered, token),
            )
        except BufferError as error:
            raise UnavailableError("the producer's queue is full") from error
        except KafkaException as error:
            self._tell(token, str(error))

    def poll(self, timeout: float) -> None:
        """Serve delivery reports, waiting `timeout` seconds for the first.

        Raises KafkaException on an error that this producer can't recover from.
        """
        self._opened().poll(timeout)
        if self._fatal is not None:
            raise KafkaException(self._fatal)

    def close(self) -> None:
        """Drop what is not delivered; it stays in the outbox. Safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def _delivered(self, token: object, error: KafkaError | None, message: Message) -> None:
        self._tell(token, failure(error, message))

    def _tell(self, token: object, error: str | None) -> None:
        assert self._report is not None, "open() comes first"
        self._report(token, error)

    def _opened(self) -> Producer:
        assert self._producer is not None, "open() comes first"
        return self._producer

    def _create(self, topics: list[Topic], timeout: float) -> Mapping[str, str]:
        admin = AdminClient(self._connection)
        wanted = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config={"max.message.bytes": str(LARGEST_MESSAGE)} if topic.large else {},
            )
            for topic in topics
        ]
        refused: dict[str, str] = {}
        until = monotonic() + timeout
        for name, future in admin.create_topics(wanted, operation_timeout=timeout).items():
            try:
                future.result(max(until - monotonic(), 0))
            except (KafkaException, TimeoutError) as error:
                if _code(error) != KafkaError.TOPIC_ALREADY_EXISTS:
                    refused[name] = f"topic {name} can't be created: {error}"
            else:
                logger.bind(topic=name).info("topic created")
        return refused

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        self._last_error = error.str()  # says more than the time-outs that follow from it
        logger.bind(error=error.str()).debug("producer error")


def producer_settings(client_config: Mapping[str, object]) -> dict[str, Any]:
    """Return what a producer with these settings of a user is made with."""
    return {**_SETTINGS, **_without_consumers(client_config)}


def failure(error: KafkaError | None, message: Message) -> str | None:
    """Return why a message, by its delivery report, may not be in its topic; None if it is.

    librdkafka reports as delivered, but without an offset, what the broker took for a repetition
    of a batch that it no longer knows; it may never have had it.
    """
    if error is not None:
        return error.str()
    offset = message.offset()
    return "the broker named no offset for it" if offset is None or offset < 0 else None


def _without_consumers(client_config: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in client_config.items() if name not in _OF_CONSUMERS}


def _code(error: Exception) -> int | None:
    first = error.args[0] if error.args else None
    return first.code() if isinstance(first, KafkaError) else None
