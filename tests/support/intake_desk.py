"""An intake whose source and neighbours do what a test tells them."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from prometheus_client import CollectorRegistry

from fixengine.actors.intake.intake import Intake
from fixengine.actors.messages import (
    DeadLetter,
    DeadLettersWritten,
    FinishDeadLetters,
    ForgetDeadLetters,
    OrdersStored,
    ResolveTickers,
    StoreOrders,
    Tickers,
    TickersArrived,
    WriteDeadLetters,
)
from fixengine.errors import RejectedError
from fixengine.ports.kafka import Headers, Record, Standing
from fixengine.rules.halving import Tried
from fixengine.rules.shards import WHOLE, Shard
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.wire.letters import Place
from tests.support.no_tree import board
from tests.unit.supervision.family import wait_until

KNOWN, UNKNOWN, LATER = "68bda020e3644b42ebcb2bd3", "0" * 24, "1" * 24
"""Securities: one whose ticker is A, one that nobody knows, one whose ticker is asked for."""

A_MOMENT = 0.005
"""Seconds that a poll of nothing takes at most: long enough for others to get their turn."""


class Source:
    """Gives what it is told to; a poll of nothing takes a moment, in place of its timeout.

    The next such poll does what is in `on_empty`, as a poll that brings a rebalance.
    """

    def __init__(self) -> None:
        self.assigned: frozenset[int] = frozenset({3, 4})
        self.reached: dict[int, int] = {}
        self.unread: dict[int, int] = {}
        self.polls: deque[tuple[Record, ...] | Exception] = deque()
        self.limits: list[int] = []
        self.paused: frozenset[int] = frozenset()
        self.committed: dict[int, int] = {}
        self.left_with: Mapping[int, int] | None = None
        self.empty = 0
        self.revoke: Callable[[frozenset[int]], None] = lambda _: None
        self.lose: Callable[[frozenset[int]], None] = lambda _: None
        self.on_empty: Callable[[], None] | None = None
        self._never = Event()

    def open(
        self,
        *,
        on_revoked: Callable[[frozenset[int]], None],
        on_lost: Callable[[frozenset[int]], None],
    ) -> None:
        self.revoke, self.lose = on_revoked, on_lost

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        self.limits.append(limit)
        if not self.polls or self.paused >= self.assigned:
            self._never.wait(min(timeout, A_MOMENT))
            hook, self.on_empty = self.on_empty, None
            if hook is not None:
                hook()
            self.empty += 1
            return ()
        given = self.polls.popleft()
        if isinstance(given, Exception):
            raise given
        return given

    def commit(self, positions: Mapping[int, int]) -> None:
        self.committed.update(positions)

    def standing(self) -> Standing:
        return Standing(up=True, said="")

    def commit_failed(self) -> bool:
        return False

    def pause(self, partitions: frozenset[int]) -> None:
        self.paused = partitions

    def close(self, positions: Mapping[int, int], deadline: float) -> None:
        self.left_with = dict(positions)


class Repository(Actor):
    """Refuses for what it is told to, or is away, then stores; notes (order, ticker)."""

    def __init__(self, failures: deque[Exception], stored: list[tuple[int, str]]) -> None:
        super().__init__()
        self._failures = failures
        self._stored = stored

    def receive(self, message: StoreOrders) -> Tried:
        failure = self._failures.popleft() if self._failures else None
        if isinstance(failure, RejectedError):
            return Tried(count=1, refused={0: str(failure)})
        if failure is not None:
            raise failure
        self._stored += [(order.id, ticker) for order, ticker in message.orders]
        return Tried(count=len(message.orders))


class Securities(Actor):
    """Is still asking for one ticker."""

    def receive(self, message: ResolveTickers) -> Tickers:
        asked = message.security_ids
        return Tickers(
            known=dict.fromkeys(asked - {UNKNOWN, LATER}, "A"),
            unknown=asked & {UNKNOWN},
            pending=asked & {LATER},
        )


class DeadLetters(Actor):
    """Keeps them until the test says that the broker has them, or until a stop waits for them."""

    def __init__(self, letters: list[DeadLetter]) -> None:
        super().__init__()
        self._letters = letters

    def receive(
        self, message: WriteDeadLetters | FinishDeadLetters | ForgetDeadLetters
    ) -> tuple[Place, ...]:
        if isinstance(message, WriteDeadLetters):
            self._letters.extend(message.letters)
        return message.places if isinstance(message, FinishDeadLetters) else ()


class Scheduler(Actor):
    """Notes what it is told."""

    def __init__(self, told: list[OrdersStored]) -> None:
        super().__init__()
        self._told = told

    def receive(self, message: OrdersStored) -> None:
        self._told.append(message)


@dataclass
class Desk:
    """An intake and all that it sees."""

    source: Source = field(default_factory=Source)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    failures: deque[Exception] = field(default_factory=deque)
    stored: list[tuple[int, str]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    told: list[OrdersStored] = field(default_factory=list)
    intake: ActorRef = field(init=False)

    def total(self, name: str, **labels: str) -> float:
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def processed(self) -> float:
        return self.total("kafka_consumer_messages_processed_total")

    def failed(self) -> float:
        return self.total("kafka_consumer_messages_failed_total")

    def poll(self, *records: Record) -> None:
        self.source.polls.append(records)

    def see_more(self) -> None:
        """Let the intake go on until it has polled in vain, twice."""
        seen = self.source.empty
        wait_until(lambda: self.source.empty > seen + 1)

    def write_letters(self) -> None:
        """Let the broker have all dead letters."""
        self.intake.ask(DeadLettersWritten(places=tuple(map(_place, self.letters))), timeout=60)

    def resolve(self, security_id: str = LATER) -> None:
        """Let the ticker arrive that was asked for."""
        self.intake.ask(
            TickersArrived(tickers=Tickers(known={security_id: "B"}, unknown=frozenset())),
            timeout=60,
        )

    def boot(self, on_exit: Callable[[BaseException | None], object] = lambda _: None) -> None:
        self.intake.tell(Boot(name="intake", on_ready=lambda: None, on_exit=on_exit))


@contextmanager
def lend_desk(*, pause: float = 0.0, shard: Shard = WHOLE) -> Iterator[Desk]:
    """Lend a desk with an intake that has not booted; it pauses so many seconds an order."""
    desk = Desk()
    repository, securities, dead_letters, scheduler = others = (
        Repository.start(desk.failures, desk.stored),
        Securities.start(),
        DeadLetters.start(desk.letters),
        Scheduler.start(desk.told),
    )
    desk.intake = Intake.start(
        source=desk.source,
        repository=repository,
        securities=securities,
        dead_letters=dead_letters,
        scheduler=scheduler,
        health=board(),
        metrics=ConsumerMetrics(desk.registry, group="fix_engine", topic="orders"),
        first_fill_delay=1.0,
        pause_per_order=pause,
        shard=shard,
    )
    try:
        yield desk
    finally:
        for actor in (desk.intake, *others):
            actor.stop()


def record(
    number: int = 1,
    *,
    partition: int = 3,
    security_id: str = KNOWN,
    headers: Headers = (),
    timestamp_ms: int | None = None,
    extra: str = "",
    value: bytes | None = None,
) -> Record:
    """Return a record of a good order, unless `value` is another; its number is its offset too."""
    order = (
        f'{{"id":{number},"tradeType":"BUY","destination":"ML","securityId":"{security_id}",'
        f'"quantity":100,"receivedTimestamp":1785240970.2{extra}}}'
    )
    return Record(
        topic="orders",
        partition=partition,
        offset=number,
        key=None,
        value=order.encode() if value is None else value,
        headers=headers,
        timestamp_ms=timestamp_ms,
    )


def _place(letter: DeadLetter) -> Place:
    return Place(letter.record.partition, letter.record.offset)
