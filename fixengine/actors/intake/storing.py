"""The stage of orders that have everything but their row: they are stored in groups."""

from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from time import monotonic

from loguru import logger

from fixengine.actors.intake.in_hand import InHand, Moved, begin_batch, timed, without
from fixengine.actors.messages import StoreOrders
from fixengine.errors import UnavailableError
from fixengine.rules.halving import Tried
from fixengine.supervision.refs import ActorRef, Question
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.outage import HoldUp, Outage
from fixengine.telemetry.tracing import UNTRACED, Batch, Tracer

LARGEST_GROUP = 800
"""Orders that are stored together. All that wait are, however few came at a time."""


@dataclass(slots=True, kw_only=True)
class _Sent:
    """A group that the database is at work on: its items, by their places in it."""

    items: dict[int, InHand]
    question: Question[Tried]
    batch: Batch


class Storing:
    """One group at a time, which is under way while what waits adds up to the next.

    While the database is away, `stalled`, tries become rarer.
    """

    def __init__(
        self,
        repository: ActorRef,
        health: Health,
        tracer: Tracer = UNTRACED,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._repository = repository
        self._tracer = tracer
        self._clock = clock
        self._waiting: deque[InHand] = deque()
        self._again: deque[tuple[InHand, ...]] = deque()  # groups to send as they are
        self._sent: _Sent | None = None
        self._retries = Retries(first=0.1, cap=5.0)
        self._next_try = 0.0
        self._outage = Outage(
            "storing orders waits",
            "storing orders goes on",
            holds_up=HoldUp(health, Part.STORING, "orders wait to be stored"),
        )

    @property
    def stalled(self) -> bool:
        """Whether the database is away, or can't take what it is given."""
        return self._outage.is_on

    @property
    def under_way(self) -> bool:
        """Whether the database is at work on a group."""
        return self._sent is not None

    def add(self, items: list[InHand]) -> None:
        """Take items on; each has its ticker."""
        self._waiting.extend(items)

    def forget(self, partitions: Container[int]) -> None:
        """Drop the items of partitions that are gone; some may be stored all the same."""
        self._waiting = deque(without(partitions, self._waiting))
        groups = (tuple(without(partitions, group)) for group in self._again)
        self._again = deque(group for group in groups if group)
        if self._sent is not None:
            self._sent.items = {
                place: item
                for place, item in self._sent.items.items()
                if item.record.partition not in partitions
            }
            if not self._sent.items:
                self._sent.batch.ended("the partitions are gone")
                self._sent = None
        if self._sent is None and not self._waiting and not self._again:
            self._moving()  # nothing waits any more, and nothing else would say so

    def turn(self, *, within: float) -> Moved:
        """Wait for the group under way, if any, for `within` seconds, and send the next.

        After a failed try nothing is sent until the next is due.
        """
        stored = Moved()
        if self._sent is not None:
            self._receive(self._sent, stored, within)
        group = self._next_group() if self._clock() >= self._next_try else ()
        if group:
            self._send(group)
        return stored

    def _next_group(self) -> tuple[InHand, ...]:
        if self._again:
            return self._again.popleft()
        return tuple(self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP)))

    def _send(self, group: tuple[InHand, ...]) -> None:
        message = StoreOrders(
            orders=tuple(item.storable for item in group),
            partitions=frozenset(item.record.partition for item in group),
        )
        batch = begin_batch(self._tracer, "store orders", group)
        with batch.entered():
            question = Question(self._repository, message)
        self._sent = _Sent(items=dict(enumerate(group)), question=question, batch=batch)

    def _receive(self, sent: _Sent, stored: Moved, within: float) -> None:
        """See what became of the group; what it has not come to is sent again."""
        self._sent = None
        try:
            with timed((*sent.items.values(),)):
                tried = sent.question.reply(timeout=within)
        except UnavailableError as error:
            sent.batch.ended(str(error))
            self._again.appendleft((*sent.items.values(),))
            self._next_try = self._clock() + self._retries.next_wait()
            self._outage.begin(str(error))
            return
        sent.batch.ended(next(iter(tried.refused.values()), None))
        self._sort(sent.items, tried, stored)
        self._moving()

    def _sort(self, sent: Mapping[int, InHand], tried: Tried, stored: Moved) -> None:
        refused = tried.refused
        stored.refused += [(sent[place], refused[place]) for place in refused if place in sent]
        taken = [i for place, i in sent.items() if place < tried.count and place not in refused]
        stored.items += taken
        if rest := tuple(item for place, item in sent.items() if place >= tried.count):
            self._again.appendleft(rest)
        logger.opt(lazy=True).debug(
            "orders stored", orders=lambda: [item.storable[0].id for item in taken]
        )

    def _moving(self) -> None:
        self._retries.reset()
        self._next_try = 0.0
        self._outage.end()
