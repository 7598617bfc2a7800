"""The topics that the engine makes: as they are wanted, or as the broker takes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from loguru import logger

from fixengine.ports.kafka import TopicNews

LARGEST_MESSAGE = 10 * 2**20
"""Bytes that a message on a large topic may have, compressed."""

REPLICAS_WITHIN = 20.0
"""Seconds after which a topic is made with fewer copies than wanted: brokers may be starting."""

_LEAST_SECONDS = 0.1
"""Time that the broker has for a topic even where a round's time is over."""

_BROKERS_OWN = -1
_SIZE, _COPIES, _PARTITIONS = "size", "copies", "partitions"
_OF_ANY = {KafkaError.POLICY_VIOLATION, KafkaError.INVALID_REQUEST}
_OF_ONE = {
    KafkaError.INVALID_CONFIG: _SIZE,
    KafkaError.INVALID_REPLICATION_FACTOR: _COPIES,
    KafkaError.INVALID_PARTITIONS: _PARTITIONS,
}
_DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}

Waived = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """A topic the engine creates when it is absent, and never alters.

    A `large` one takes messages of up to LARGEST_MESSAGE bytes.
    """

    name: str
    partitions: int
    replication_factor: int
    large: bool = False


class TopicMaker:
    """Makes topics. What a broker refuses to make as it is wanted is made with its own defaults."""

    def __init__(
        self, connection: Mapping[str, Any], *, replicas_within: float = REPLICAS_WITHIN
    ) -> None:
        self._connection = dict(connection)
        self._replicas_within = replicas_within
        self._waived: dict[str, Waived] = {}
        self._refused_since: dict[str, float] = {}
        self._notes: dict[str, str] = {}

    def make(self, topics: Sequence[WantedTopic], timeout: float) -> TopicNews:
        """Create topics; a round takes `timeout` seconds at the most."""
        refused: dict[str, str] = {}
        until = monotonic() + timeout
        admin = AdminClient(self._connection) if topics else None
        while topics and admin is not None:
            answers = _ask(admin, [self._wanted(topic) for topic in topics], until)
            again: list[WantedTopic] = []
            for topic in topics:
                refusal = answers[topic.name]
                if refusal is None:
                    self._made(topic)
                elif self._gives_way(topic, refusal) and monotonic() < until:
                    again.append(topic)
                elif _code(refusal) != KafkaError.TOPIC_ALREADY_EXISTS:
                    refused[topic.name] = _in_words(topic.name, refusal)
            topics = again
        return TopicNews(refused=refused, notes=self._notes)

    def _wanted(self, topic: WantedTopic) -> NewTopic:
        waived = self._waived.get(topic.name, Waived())
        config = {"max.message.bytes": str(LARGEST_MESSAGE)}
        return NewTopic(
            topic.name,
            num_partitions=_BROKERS_OWN if _PARTITIONS in waived else topic.partitions,
            replication_factor=_BROKERS_OWN if _COPIES in waived else topic.replication_factor,
            config=config if topic.large and _SIZE not in waived else {},
        )

    def _gives_way(self, topic: WantedTopic, error: Exception) -> bool:
        """Say whether the topic is to be tried at once with less than was refused."""
        code = _code(error)
        if code not in {*_OF_ONE, *_OF_ANY}:
            return False
        now = monotonic()
        waited = now - self._refused_since.setdefault(topic.name, now)
        if code == KafkaError.INVALID_REPLICATION_FACTOR and waited < self._replicas_within:
            return False
        waived = self._waived.get(topic.name, Waived())
        following = _less(topic, waived, _OF_ONE.get(code))
        if following is None:
            self._waived.pop(topic.name, None)  # from the beginning, with the next look
            return False
        self._waived[topic.name] = following
        return True

    def _made(self, topic: WantedTopic) -> None:
        self._refused_since.pop(topic.name, None)
        waived = self._waived.pop(topic.name, None)
        if waived:
            self._notes[topic.name] = _note(topic, waived)
        logger.bind(topic=topic.name).info("topic created")


def _ask(
    admin: AdminClient, wanted: list[NewTopic], until: float
) -> dict[str, KafkaException | TimeoutError | None]:
    """Have topics created; return for each None, or why it was not."""
    answers: dict[str, KafkaException | TimeoutError | None] = {}
    left = max(until - monotonic(), _LEAST_SECONDS)
    for name, future in admin.create_topics(wanted, operation_timeout=left).items():
        try:
            future.result(max(until - monotonic(), 0))
        except (KafkaException, TimeoutError) as error:
            answers[name] = error
        else:
            answers[name] = None
    return answers


def _less(topic: WantedTopic, waived: Waived, refused: str | None) -> Waived | None:
    """Return what to waive next, None when all was tried.

    `refused` is what the broker did not take, None where a policy does not say what.
    """
    tried = False
    for candidate in _candidates(topic):
        if tried and (refused is None or refused in candidate):
            return candidate
        tried = tried or candidate == waived
    return None


def _candidates(topic: WantedTopic) -> Iterator[Waived]:
    """Yield what can be waived of a topic, the least loss first."""
    parts = (*((_SIZE,) if topic.large else ()), _COPIES, _PARTITIONS)
    return map(
        frozenset, chain.from_iterable(combinations(parts, n) for n in range(len(parts) + 1))
    )


def _note(topic: WantedTopic, waived: Waived) -> str:
    """Say how a topic was made, and what that means."""
    said = {
        _SIZE: f"max.message.bytes {LARGEST_MESSAGE}, so larger dead letters are shortened",
        _COPIES: f"{topic.replication_factor} copies (KAFKA_REPLICATION_FACTOR)",
        _PARTITIONS: f"{topic.partitions} partitions",
    }
    refused = ", and not ".join(words for part, words in said.items() if part in waived)
    return (
        f"topic {topic.name} was made with the broker's defaults where it refused what was asked "
        f"for: not {refused}"
    )


def _in_words(name: str, error: Exception) -> str:
    if _code(error) in _DENIED:
        return (
            f"topic {name} is not there or hidden from this user, who may not create it: create "
            "it, or allow this user to"
        )
    if isinstance(error, TimeoutError):
        return f"topic {name} can't be created: the broker does not answer in time"
    return f"topic {name} can't be created: {error.args[0].str()}"


def _code(error: Exception) -> int | None:
    first = error.args[0] if error.args else None
    return first.code() if isinstance(first, KafkaError) else None
