"""The intake: orders from the topic become executions, or dead letters where they are bad.

It polls, and hands the records on from stage to stage; `in_hand` says which stages there are.
"""

from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, assert_never

from loguru import logger

from fixengine.actors.intake.burying import Burying
from fixengine.actors.intake.in_hand import InHand, Moved, decode, timed
from fixengine.actors.intake.resolving import RESOLVED_WITHIN, Resolving
from fixengine.actors.intake.settling import Settling
from fixengine.actors.intake.storing import Storing
from fixengine.actors.intake.taking import POLLS_GO_ON, Taking
from fixengine.actors.messages import DeadLettersWritten, OrdersStored, TickersArrived
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import OrderSource, Record
from fixengine.rules.shards import WHOLE, Shard
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.tracing import UNTRACED, Tracer

LARGEST_BATCH = 800
"""Records taken by one poll."""

POLL_TIMEOUT = 0.1
"""Seconds that a poll waits while records are in hand, and with them messages for their sake."""

IDLE_POLL_TIMEOUT = 0.5
"""Seconds that a poll waits while none are; only a stop waits for it."""

TICKERS_WITHIN = 1.0
"""Seconds that a stop waits for tickers."""

FINISH_WITHIN = 1.5
"""Seconds that a stop takes to store what has its ticker and to see dead letters acknowledged."""

STORE_WITHIN = 6.0
"""Seconds that a group of orders may take to be stored."""

LEAVE_WITHIN = 0.8
"""Seconds to commit the last offsets and to leave the group."""

_LEAST = 0.1  # seconds that leaving the group has in any case
_FINISH_STEP = 0.05  # seconds between questions for tickers at a stop

assert TICKERS_WITHIN < FINISH_WITHIN, "what gets its ticker at a stop has to be stored too"
assert IDLE_POLL_TIMEOUT + RESOLVED_WITHIN + 2 * STORE_WITHIN < POLLS_GO_ON, (
    "a poll comes in time whatever the one before brought"
)


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
        shard: Shard = WHOLE,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the parts; both times are in seconds."""
        super().__init__()
        self._taking = Taking(source, health, metrics)
        self._resolving = Resolving(securities, reply_to=self.actor_ref, tracer=tracer)
        self._storing = Storing(repository, health, tracer)
        self._burying = Burying(dead_letters, reply_to=self.actor_ref, taking=self._taking)
        self._settling = Settling(self._taking, metrics, tracer)
        self._scheduler = scheduler
        self._first_fill_delay = first_fill_delay
        self._pause_per_order = pause_per_order
        self._shard = shard
        self._tracer = tracer

    def boot(self) -> None:
        self._burying.begin()
        self._taking.open(on_revoked=self._revoked, on_lost=self._forget)
        self.actor_ref.tell(_Poll())

    def receive(self, message: _Poll | TickersArrived | DeadLettersWritten) -> Any:
        match message:
            case _Poll():
                return self._poll()
            case TickersArrived(tickers=tickers):
                return self._resolved(self._resolving.arrived(tickers))
            case DeadLettersWritten(places=places):
                return self._buried(self._burying.arrived(places))
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
        begun = self._begin(records)
        self._store()
        if self._pause_per_order:
            self._store()  # nothing else is done meanwhile
        self._taking.commit()
        self._taking.regulate(stalled=self._storing.stalled, crowded=self._burying.crowded())
        if begun and self._pause_per_order:
            self.tell_later(self._pause_per_order, _Poll())
        else:
            self.actor_ref.tell(_Poll())

    def _patience(self) -> float:
        """Return how long a poll may wait."""
        if self._storing.under_way:
            return 0  # it is seen to as soon as nothing else is to be done
        return POLL_TIMEOUT if self._taking or self._burying else IDLE_POLL_TIMEOUT

    def _begin(self, records: tuple[Record, ...]) -> bool:
        """Decode records and find their tickers; say whether any are this engine's to deal with."""
        # the pause comes later, and counts as work: it stands for work that takes so long
        items = [InHand(record=record, busy=self._pause_per_order) for record in records]
        traces = self._tracer.orders(record.headers for record in records)
        for item, trace in zip(items, traces, strict=False):  # without a tracer there are none
            item.trace = trace
        with timed(items):
            decoded = decode(items, self._shard)
            for passed_over in decoded.passed_over:
                self._taking.finish(passed_over.record)
            self._burying.add(decoded.refused)
            self._resolving.add(decoded.items)
            self._resolved(self._resolving.turn())
        return bool(decoded.items or decoded.refused)

    def _resolved(self, resolved: Moved) -> None:
        self._burying.add(resolved.refused)
        self._storing.add(resolved.items)

    def _store(self, *, within: float = STORE_WITHIN) -> None:
        stored = self._storing.turn(within=within)
        self._burying.add(stored.refused)
        self._settling.add(stored.items, success=True)
        if stored.items:
            tell(self._scheduler, OrdersStored(due_in=self._first_fill_delay))

    def _buried(self, buried: Moved) -> None:
        self._settling.add(buried.items, success=False)

    def _finish(self, until: float) -> None:
        """Bring what is in hand to its end, if that is possible until then; else it comes again.

        An offset can only be committed with all records below it done, so each one that is left
        here means dead letters above it that are written a second time.
        """
        try:
            tickers_by = min(until, monotonic() + TICKERS_WITHIN)
            while self._resolving and monotonic() < tickers_by:
                self._resolved(self._resolving.turn(again=True))
                sleep(_FINISH_STEP)
            self._store(within=max(until - monotonic(), 0))
            while self._storing.under_way and (left := until - monotonic()) > 0:
                self._store(within=left)
            self._buried(self._burying.turn(within=until - monotonic()))
        except UnavailableError as error:
            logger.bind(reason=str(error)).info("orders in hand are left for another engine")

    def _revoked(self, partitions: frozenset[int]) -> None:
        self._taking.commit()
        self._forget(partitions)

    def _forget(self, partitions: frozenset[int]) -> None:
        """Drop what is not final of partitions that are gone: another engine reads it again."""
        for stage in (self._taking, self._resolving, self._storing, self._burying):
            stage.forget(partitions)
