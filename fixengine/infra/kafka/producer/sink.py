"""Messages out: an idempotent producer, and the topics it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from loguru import logger

from fixengine.config.ipv6 import bracketed
from fixengine.errors import UnavailableError, UnsettledError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.connections import Connections, rested
from fixengine.infra.kafka.producer.failures import failure, failure_of, reason
from fixengine.infra.kafka.producer.producers import Producers
from fixengine.infra.kafka.producer.settings import producer_settings, without_consumers
from fixengine.infra.kafka.producer.topics import TopicMaker, WantedTopic
from fixengine.ports.kafka import Failure, Headers, Report, TopicNews


@dataclass(slots=True)
class _Trouble:
    """Why one producer can't go on, and why a message was refused last."""

    fatal: KafkaError | None = None
    refused: str = ""


class KafkaSink:
    """The producer; all methods are for one thread alone."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        topics: tuple[WantedTopic, ...] = (),
        of_letters: bool = False,
        producers: Producers | None = None,
    ) -> None:
        """Take the parts; `producers` stop what is under way in time, also after `close`."""
        self._topics = topics
        self._of_letters = of_letters
        self._producers = producers
        self._connection = rested(without_consumers(cluster.connection()))
        self._maker = TopicMaker(self._connection)
        self._producer: Producer | None = None
        self._report: Report | None = None
        self._trouble = _Trouble()
        self._connections = Connections(cluster.brokers)
        self._advertised: Mapping[int, str] = {}

    def open(self, report: Report) -> None:
        """Create the producer, a new one after `close`; it connects by itself.

        `report` must not raise.
        """
        self._report = report
        self._trouble = _Trouble()  # what one says that was left, another thread hears
        settings = producer_settings(self._connection, of_letters=self._of_letters)
        if not self._of_letters:
            settings |= self._connections.settings
        self._producer = Producer({**settings, "error_cb": _on_error})
        if self._producers is not None:
            self._producers.use(self._producer)

    def ensure_topics(self, timeout: float) -> TopicNews:
        """Create what is absent of the topics; return what is to be said of them.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        try:
            found = self._opened().list_topics(timeout=timeout)
        except KafkaException as error:
            self._serve(0)  # why, its log says
            why = self._connections.why()
            raise UnavailableError(f"the broker does not answer: {why}") from error
        self._serve(0)
        self._connections.answered()
        self._advertised = {
            # as the driver's log names it, with brackets around an address of IPv6
            node: bracketed(f"{broker.host}:{broker.port}")
            for node, broker in found.brokers.items()
        }
        present = found.topics
        missing = [topic for topic in self._topics if topic.name not in present]
        return self._maker.make(missing, timeout)

    def unreached(self) -> str:
        """Say which brokers of the cluster can't be reached where they are said to be, and why."""
        return self._connections.unreached(self._advertised)

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

        Raises UnavailableError when there is no room now, or no producer: poll and try again.
        """
        try:
            self._opened().produce(
                topic,
                value=value,
                key=key,
                headers=list(headers),
                on_delivery=partial(_delivered, self._reports(), self._trouble, token),
            )
        except BufferError as error:
            if len(self._opened()):
                raise UnavailableError("the producer's queue is full") from error
            larger = "it is larger than the producer's queue"
            self._reports()(token, Failure(reason=larger, too_large=True, of_itself=True))
        except KafkaException as error:
            refused: KafkaError = error.args[0]
            if refused.code() == KafkaError._FATAL:  # noqa: SLF001 - its name
                raise UnavailableError("the producer can't go on") from error
            self._reports()(token, replace(failure_of(refused), of_itself=True))

    def poll(self, timeout: float) -> None:
        """Serve delivery reports, waiting `timeout` seconds for the first.

        Raises UnsettledError after a message was refused, where the others have to arrive once,
        and UnavailableError on any other error from which only another producer can recover.
        """
        self._serve(timeout)
        fatal, refused = self._trouble.fatal, self._trouble.refused
        if fatal is None:
            return
        if fatal.code() != KafkaError._GAPLESS_GUARANTEE:  # noqa: SLF001 - its name
            raise UnavailableError(f"the producer can't go on: {reason(fatal)}")
        if refused:  # else the report of it is about to come
            raise UnsettledError(refused)

    def close(self) -> None:
        """Let go of the producer, and tell nobody of what it delivers later. Safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        if self._producers is None or self._trouble.fatal is not None:
            producer.purge()
        if self._producers is not None:
            self._producers.leave(producer)

    def _serve(self, timeout: float) -> None:
        try:
            self._opened().poll(timeout)
        except KafkaException as error:  # no callback hears of what is fatal
            self._trouble.fatal = error.args[0]

    def _reports(self) -> Report:
        assert self._report is not None, "open() comes first"
        return self._report

    def _opened(self) -> Producer:
        assert self._producer is not None, "open() comes first"
        return self._producer


def _delivered(
    report: Report,
    trouble: _Trouble,
    token: object,
    error: KafkaError | None,
    message: Message,
) -> None:
    failed = failure(error, message)
    if error is not None and failed is not None:
        trouble.refused = failed.reason
    report(token, failed)


def _on_error(error: KafkaError) -> None:
    logger.bind(error=error.str()).debug("producer error")
