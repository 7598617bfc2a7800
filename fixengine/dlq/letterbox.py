"""The dead-letter topic, and the way back from it to the orders topic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from fixengine.config import Settings
from fixengine.dlq.choice import Choice
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.look import read_to_the_end
from fixengine.infra.kafka.producer.resend import resend
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.wire.letters import (
    Letter,
    Place,
    Replay,
    lowest,
    read_letter,
    replayed_from,
    restored,
)

BROKER_WITHIN = 5.0
"""Seconds that the broker has to say where topics begin and end."""


class Letterbox:
    """Reading raises UnavailableError, with the variables to look at, without a broker or topic.

    What tells that a letter was replayed is the replay itself: it names the letter in a header,
    and goes to the partition that the letter failed on, so it is found there, behind that place.
    """

    def __init__(
        self, settings: Settings, *, pod: str, answer_within: float = BROKER_WITHIN
    ) -> None:
        self._answer_within = answer_within
        self.topic = settings.kafka_dlq_topic
        self.orders_topic = settings.kafka_orders_topic
        self._cluster = Cluster.of(settings, client_id=pod)

    def letters(self, choice: Choice) -> Iterator[Letter]:
        """Yield the letters that are meant, each partition's in its order."""
        with _advice("KAFKA_DLQ_TOPIC"):
            tail, beginnings = self._tail(self.topic), choice.beginnings()
            look = (
                tail.look_from(beginnings, timeout=self._answer_within)
                if beginnings
                else tail.look(choice.since, timeout=self._answer_within)
            )
            yield from filter(choice.takes, map(read_letter, read_to_the_end(look)))

    def replays(self, letters: Iterable[Letter]) -> Mapping[Place, Place]:
        """Return where the orders topic has replays of these letters."""
        failed_here = [
            letter
            for letter in letters
            if letter.topic == self.orders_topic and letter.source is not None
        ]
        if not failed_here:
            return {}
        places = {letter.origin: letter.place for letter in failed_here}
        beginnings = lowest(letter.source for letter in failed_here if letter.source)
        with _advice("KAFKA_ORDERS_TOPIC"):
            look = self._tail(self.orders_topic).look_from(beginnings, timeout=self._answer_within)
            return {
                places[origin]: Place(record.partition, record.offset)
                for record in read_to_the_end(look)
                if (origin := replayed_from(record)) in places
            }

    def restored(self, letter: Letter) -> Letter | None:
        """Return a shortened letter with its whole record, as the orders topic has it.

        None when the orders topic no longer has it.
        """
        if letter.source is None or letter.topic != self.orders_topic:
            return None
        with _advice("KAFKA_ORDERS_TOPIC"):
            original = self._tail(self.orders_topic).read(*letter.source)
        return None if original is None else restored(letter, original)

    def send(self, replays: Sequence[Replay]) -> tuple[str | None, ...]:
        """Put records on the orders topic; return for each why it may not be there, or None."""
        return resend(replays, cluster=self._cluster, topic=self.orders_topic)

    def _tail(self, topic: str) -> KafkaTail:
        return KafkaTail(cluster=self._cluster, topic=topic)


@contextmanager
def _advice(variable: str) -> Iterator[None]:
    try:
        yield
    except UnavailableError as error:
        raise UnavailableError(f"{error}: look at KAFKA_BROKERS and {variable}") from error
