"""The intake: orders from the topic become executions, what can't is sent to the dead letters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep
from typing import Any, assert_never

from loguru import logger

from fixengine.actors.intake.burying import Buried
from fixengine.actors.intake.in_hand import InHand, decode, timed
from fixengine.actors.intake.order_span import order_span
from fixengine.actors.intake.resolving import Resolved, Resolving
from fixengine.actors.intake.storing import Storing
from fixengine.actors.intake.taking import Taking
from fixengine.actors.messages import (
    DeadLetter,
    DeadLettersWritten,
    FinishDeadLetters,
    ForgetDeadLetters,
    OrdersStored,
    TickersArrived,
    WriteDeadLetters,
)
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import OrderSource, Record
from fixengine.recurring import Recurring
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.tracing import UNTRACED, Tracer
from fixengine.wire.letters import Place
from fixengine.wire.shortening import size

LARGEST_BATCH = 800
"""Records taken by one poll."""

POLL_TIMEOUT = 0.1
"""Seconds that a poll waits while records are in hand, and with them messages for their sake."""

IDLE_POLL_TIMEOUT = 0.25
"""Seconds that a poll waits while none are; only a stop waits for it."""

TICKERS_WITHIN = 1.0
"""Seconds that a stop waits for tickers."""

FINISH_WITHIN = 1.5
"""Seconds that a stop takes to store what has its ticker and to see dead letters acknowledged."""

STORE_WITHIN = 6.0
"""Seconds that a group of orders may take to be stored."""

LEAVE_WITHIN = 0.8
"""Seconds to commit the last offsets and to leave the group."""

_LEAST = 0.1
_FINISH_STEP = 0.05


@dataclass(frozen=True, slots=True)
class _Poll:
    """Intake → itself: take the next records and move on with those in hand."""


class Intake(Actor):
    """Records are in hand from the poll that took them until their fate is final.

    Only then may their offsets be committed: until then a crash or a rebalance brings them again,
    which is harmless, since storing an order twice changes nothing.
    """

    closes_within = FINISH_WITHIN

    def __init__(
        self,
        *,
        source: OrderSource,
        repository: ActorRef,
        securities: ActorRef,
        dead_letters: ActorRef,
        scheduler: ActorRef,
        health: Health,
        metrics: ConsumerMetrics,
        first_fill_delay: float,
        pause_per_order: float,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the parts; both times are in seconds."""
        super().__init__()
        self._taking = Taking(source, health, metrics)
        self._dead_letters = dead_letters
        self._scheduler = scheduler
        self._metrics = metrics
        self._first_fill_delay = first_fill_delay
        self._pause_per_order = pause_per_order
        self._tracer = tracer
        self._resolving = Resolving(securities, reply_to=self.actor_ref, tracer=tracer)
        self._storing = Storing(repository, health, tracer)
        self._letters = Buried()
        self._buried = Recurring("WARNING", "orders are bad, dead letters are written")
        self._undated = Recurring("WARNING", "record has no usable creation time")

    def boot(self) -> None:
        # of one before, whose orders come again
        tell(self._dead_letters, ForgetDeadLetters(partitions=None))
        self._taking.open(on_revoked=self._revoked, on_lost=self._drop)
        self.actor_ref.tell(_Poll())

    def receive(self, message: _Poll | TickersArrived | DeadLettersWritten) -> Any:
        match message:
            case _Poll():
                return self._poll()
            case TickersArrived(tickers=tickers):
                return self._resolved(self._resolving.arrived(tickers))
            case DeadLettersWritten(places=places):
                return self._letters_written(places)
            case _:
                assert_never(message)

    def close(self) -> None:
        until = self.close_by(FINISH_WITHIN + LEAVE_WITHIN)
        try:
            self._finish(until - LEAVE_WITHIN)
        finally:
            self._taking.close(max(until - monotonic(), _LEAST))

    def _poll(self) -> None:
        if self.stopping:
            return
        limit = 1 if self._pause_per_order else LARGEST_BATCH
        records = self._taking.take(limit, self._patience())
        self._begin(records)
        self._store()
        if self._pause_per_order:
            self._store()  # nothing else is done meanwhile
        self._taking.commit()
        self._taking.regulate(stalled=self._storing.stalled, crowded=self._letters.crowded())
        if records and self._pause_per_order:
            self.tell_later(self._pause_per_order, _Poll())
        else:
            self.actor_ref.tell(_Poll())

    def _patience(self) -> float:
        """Return how long a poll may wait."""
        if self._storing.under_way:
            return 0  # it is seen to as soon as nothing else is to be done
        return POLL_TIMEOUT if self._taking or self._letters else IDLE_POLL_TIMEOUT

    def _begin(self, records: tuple[Record, ...]) -> None:
        """Decode records and find their tickers."""
        # the pause comes later, and counts as work: it stands for work that takes so long
        items = [InHand(record=record, busy=self._pause_per_order) for record in records]
        traces = self._tracer.orders(record.headers for record in records)
        for item, trace in zip(items, traces, strict=False):  # without a tracer there are none
            item.trace = trace
        with timed(items):
            good, bad = decode(items)
            self._bury(bad)
            self._resolved(self._resolving.add(good))

    def _resolved(self, resolved: Resolved) -> None:
        self._storing.add(resolved.items)
        self._bury(resolved.refused)

    def _store(self, *, within: float = STORE_WITHIN) -> None:
        stored = self._storing.turn(within=within)
        self._settle(stored.items, success=True)
        self._bury(stored.refused)
        if stored.items:
            tell(self._scheduler, OrdersStored(due_in=self._first_fill_delay))

    def _bury(self, dead: Iterable[tuple[InHand, str]]) -> None:
        letters: list[DeadLetter] = []
        for item, reason in dead:
            record = item.record
            letters.append(DeadLetter(record=record, reason=reason))
            self._letters.add(item, size(record))
            item.let_go()
            self._taking.set_aside(record, kept=item.record)
        if letters:
            first = letters[0]
            self._buried.happened(
                len(letters),
                partition=first.record.partition,
                offset=first.record.offset,
                reason=first.reason,
            )
            tell(
                self._dead_letters,
                WriteDeadLetters(letters=tuple(letters), reply_to=self.actor_ref),
            )

    def _letters_written(self, places: tuple[Place, ...]) -> None:
        items = [item for place in places if (item := self._letters.pop(place)) is not None]
        self._settle(items, success=False)

    def _finish(self, until: float) -> None:
        """Bring what is in hand to its end, if that is possible until then; else it comes again.

        An offset can only be committed with all records below it done, so each one that is left
        here means dead letters above it that are written a second time.
        """
        try:
            tickers_by = min(until, monotonic() + TICKERS_WITHIN)
            while self._resolving and monotonic() < tickers_by:
                self._resolved(self._resolving.again())
                sleep(_FINISH_STEP)
            self._store(within=max(until - monotonic(), 0))
            while self._storing.under_way and (left := until - monotonic()) > 0:
                self._store(within=left)
            places = tuple(self._letters)
            if places and (left := until - monotonic()) > 0:
                message = FinishDeadLetters(places=places, within=left)
                self._letters_written(ask(self._dead_letters, message, timeout=left + _LEAST))
        except UnavailableError as error:
            logger.bind(reason=str(error)).info("orders in hand are left for another engine")

    def _settle(self, items: Sequence[InHand], *, success: bool) -> None:
        """Let records go: their fate is final."""
        for item in items:
            record = item.record
            self._taking.finish(record)
            self._metrics.settled(
                record.partition, success=success, seconds=item.busy, latency=self._latency(item)
            )
        self._tracer.ended(items, partial(order_span, success=success))

    def _latency(self, item: InHand) -> float | None:
        """Clocks that differ by less than a second count as none; anything else is no latency."""
        latency = item.latency()
        if latency is not None and latency > -1:
            return max(latency, 0.0)
        record = item.record
        self._undated.happened(partition=record.partition, offset=record.offset, latency=latency)
        return None

    def _revoked(self, partitions: frozenset[int]) -> None:
        self._taking.commit()
        self._drop(partitions)

    def _drop(self, partitions: frozenset[int]) -> None:
        """Forget what is not done of partitions: another engine reads it again."""
        self._taking.forget(partitions)
        self._resolving.forget(partitions)
        self._storing.forget(partitions)
        self._letters.forget(partitions)
        tell(self._dead_letters, ForgetDeadLetters(partitions=partitions))
