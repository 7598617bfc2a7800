"""The intake: orders from the topic become executions, what can't is sent to the dead letters."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic, sleep, time_ns
from typing import Any, assert_never

from loguru import logger
from msgspec.structs import replace

from fixengine.actors.asking import ask, tell
from fixengine.actors.base import Actor
from fixengine.actors.batches import during
from fixengine.actors.buried import Buried
from fixengine.actors.in_hand import InHand, begin_batch, timed
from fixengine.actors.messages import (
    ActorRef,
    DeadLetter,
    DeadLettersWritten,
    FinishDeadLetters,
    ForgetDeadLetters,
    OrdersStored,
    ResolveTickers,
    Tickers,
    TickersArrived,
    WriteDeadLetters,
)
from fixengine.actors.spans import order_span
from fixengine.actors.storing import Storing
from fixengine.errors import MalformedError, UnavailableError
from fixengine.health import Health
from fixengine.letters import Place
from fixengine.metrics import ConsumerMetrics
from fixengine.offsets import Offsets
from fixengine.orders import decode_order
from fixengine.ports import OrderSource, Record
from fixengine.recurring import Recurring
from fixengine.shortening import size
from fixengine.tracing import Tracer

LARGEST_BATCH = 800
"""Records taken by one poll."""

ENOUGH_IN_HAND = 4_000
"""Unfinished records, but for those that only wait for their dead letters, at which no more are
taken."""

ENOUGH_BYTES = 8 * 2**20
"""Bytes of unfinished records at which no more are taken."""

POLL_TIMEOUT = 0.1
"""Seconds that a poll waits while records are in hand, and with them messages for their sake."""

IDLE_POLL_TIMEOUT = 0.25
"""Seconds that a poll waits while none are; only a stop waits for it."""

POLLS_GO_ON = 20.0
"""Seconds within which the next poll comes, whatever the one before brought."""

TICKERS_WITHIN = 1.0
"""Seconds that a stop waits for tickers."""

FINISH_WITHIN = 1.5
"""Seconds that a stop takes to store what has its ticker and to see dead letters acknowledged."""

STORE_WITHIN = 6.0
"""Seconds that a group of orders may take to be stored."""

LEAVE_WITHIN = 0.8
"""Seconds to commit the last offsets and to leave the group."""

_RESOLVE_TIMEOUT = 5.0
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
        tracer: Tracer | None = None,
    ) -> None:
        """Take the parts; both times are in seconds."""
        super().__init__()
        self._source = source
        self._securities = securities
        self._dead_letters = dead_letters
        self._scheduler = scheduler
        self._health = health
        self._metrics = metrics
        self._first_fill_delay = first_fill_delay
        self._pause_per_order = pause_per_order
        self._tracer = tracer
        self._offsets = Offsets()
        self._unresolved: dict[str, list[InHand]] = {}
        self._storing = Storing(repository, health, tracer)
        self._letters = Buried()
        self._full = False
        self._buried = Recurring("WARNING", "orders are bad, dead letters are written")
        self._undated = Recurring("WARNING", "record has no usable creation time")

    def boot(self) -> None:
        # of one before, whose orders come again
        tell(self._dead_letters, ForgetDeadLetters(partitions=None))
        self._source.open(on_revoked=self._revoked, on_lost=self._drop)
        self.actor_ref.tell(_Poll())

    def receive(self, message: _Poll | TickersArrived | DeadLettersWritten) -> Any:
        match message:
            case _Poll():
                return self._poll()
            case TickersArrived(tickers=tickers):
                return self._tickers_arrived(tickers)
            case DeadLettersWritten(places=places):
                return self._letters_written(places)
            case _:
                assert_never(message)

    def close(self) -> None:
        until = self.close_by(FINISH_WITHIN + LEAVE_WITHIN)
        try:
            self._finish(until - LEAVE_WITHIN)
        finally:
            self._offsets.recommit()
            self._source.close(self._offsets.committable(), max(until - monotonic(), _LEAST))

    def _poll(self) -> None:
        if self.stopping:
            return
        records = self._take()
        self._begin(records)
        self._store()
        if self._pause_per_order:
            self._store()  # nothing else is done meanwhile
        self._commit()
        self._regulate()
        if records and self._pause_per_order:
            self.tell_later(self._pause_per_order, _Poll())
        else:
            self.actor_ref.tell(_Poll())

    def _take(self) -> tuple[Record, ...]:
        began = monotonic()
        limit = 1 if self._pause_per_order else LARGEST_BATCH
        records = self._source.poll(limit, self._patience())
        self._metrics.polled(monotonic() - began, (record.partition for record in records))
        self._metrics.assigned.set(len(self._source.assigned))
        self._tell_of_the_group()
        for record in records:
            self._offsets.begin(record.partition, record.offset, size=size(record), what=record)
        for partition, offset in self._source.reached.items():
            self._offsets.reach(partition, offset)
        for partition, number in self._source.unread.items():
            self._metrics.unread.inc(number)
            logger.bind(partition=partition, orders=number).error(
                "orders were deleted before they were read"
            )
        return records

    def _tell_of_the_group(self) -> None:
        standing = self._source.standing()
        if standing.up:
            self._health.up("consumer", standing.said, lasts=POLLS_GO_ON)
        elif not standing.early:
            self._health.down("consumer", standing.said)

    def _patience(self) -> float:
        """Return how long a poll may wait."""
        if self._storing.under_way:
            return 0  # it is seen to as soon as nothing else is to be done
        return POLL_TIMEOUT if len(self._offsets) or self._letters else IDLE_POLL_TIMEOUT

    def _begin(self, records: tuple[Record, ...]) -> None:
        """Decode records and find their tickers."""
        items = [InHand(record=record) for record in records]
        if self._tracer is not None:
            now = time_ns()
            for item in items:
                item.trace = self._tracer.order(item.record.headers, now=now)
        with timed(items):
            good: list[InHand] = []
            bad: list[tuple[InHand, str]] = []
            for item in items:
                try:
                    order = decode_order(item.record.value)
                except MalformedError as error:
                    bad.append((item, str(error)))
                else:
                    item.order = order
                    if item.trace is not None:
                        item.order = replace(order, traceparent=str(item.trace.context))
                    good.append(item)
            self._bury(bad)
            self._resolve(good)

    def _resolve(self, items: list[InHand]) -> None:
        if not items:
            return
        for item in items:
            self._unresolved.setdefault(item.security_id, []).append(item)
        with during(begin_batch(self._tracer, "find tickers", items)):
            self._ask_for_tickers(frozenset(item.security_id for item in items))

    def _ask_for_tickers(self, security_ids: frozenset[str]) -> None:
        message = ResolveTickers(security_ids=security_ids, reply_to=self.actor_ref)
        self._tickers_arrived(ask(self._securities, message, timeout=_RESOLVE_TIMEOUT))

    def _tickers_arrived(self, tickers: Tickers) -> None:
        resolved: list[InHand] = []
        for security_id, ticker in tickers.known.items():
            for item in self._unresolved.pop(security_id, ()):
                item.ticker = ticker
                resolved.append(item)
        self._storing.add(resolved)
        self._bury(
            (item, f"securityId is {security_id}: security-service knows no such security")
            for security_id in tickers.unknown
            for item in self._unresolved.pop(security_id, ())
        )

    def _store(self, *, within: float = STORE_WITHIN) -> None:
        stored = self._storing.turn(within=within)
        for item in stored.items:
            self._settle(item, success=True)
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
            self._offsets.set_aside(record.partition, record.offset, what=record, kept=item.record)
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
        for place in places:
            item = self._letters.pop(place)
            if item is not None:
                self._settle(item, success=False)

    def _finish(self, until: float) -> None:
        """Bring what is in hand to its end, if that is possible until then; else it comes again.

        An offset can only be committed with all records below it done, so each one that is left
        here means dead letters above it that are written a second time.
        """
        try:
            tickers_by = min(until, monotonic() + TICKERS_WITHIN)
            while self._unresolved and monotonic() < tickers_by:
                self._ask_for_tickers(frozenset(self._unresolved))
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

    def _settle(self, item: InHand, *, success: bool) -> None:
        """Let a record go: its fate is final."""
        record = item.record
        self._offsets.finish(record.partition, record.offset, what=record)
        self._metrics.settled(
            record.partition, success=success, seconds=item.busy, latency=self._latency(item)
        )
        if self._tracer is not None and item.trace is not None:
            self._tracer.ended(order_span(item, item.trace, success=success))

    def _latency(self, item: InHand) -> float | None:
        """Clocks that differ by less than a second count as none; anything else is no latency."""
        latency = item.latency()
        if latency is not None and latency > -1:
            return max(latency, 0.0)
        record = item.record
        self._undated.happened(partition=record.partition, offset=record.offset, latency=latency)
        return None

    def _commit(self) -> None:
        if self._source.commit_failed():
            self._offsets.recommit()
        positions = self._offsets.committable()
        if not positions:
            return
        try:
            self._source.commit(positions)
        except UnavailableError as error:
            logger.bind(reason=str(error)).debug("offsets are committed later")
        else:
            self._offsets.committed(positions)

    def _regulate(self) -> None:
        """Take no more records than can be kept in hand; once full, not before half is done.

        Where only dead letters wait, only their partitions do.
        """
        margin = 2 if self._full else 1
        self._full = (
            self._storing.stalled
            or len(self._offsets) >= ENOUGH_IN_HAND // margin
            or self._offsets.size >= ENOUGH_BYTES // margin
        )
        self._source.pause(self._source.assigned if self._full else self._letters.crowded())

    def _revoked(self, partitions: frozenset[int]) -> None:
        self._commit()
        self._drop(partitions)

    def _drop(self, partitions: frozenset[int]) -> None:
        """Forget what is not done of partitions: another engine reads it again."""
        self._offsets.forget(partitions)
        self._unresolved = {
            security_id: kept
            for security_id, items in self._unresolved.items()
            if (kept := [item for item in items if item.record.partition not in partitions])
        }
        self._storing.forget(partitions)
        self._letters.forget(partitions)
        tell(self._dead_letters, ForgetDeadLetters(partitions=partitions))
