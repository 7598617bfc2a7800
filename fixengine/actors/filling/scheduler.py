"""The fill scheduler: claims due executions, prices and evaluates them, stores the outcome."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Timer
from time import monotonic, time_ns
from typing import Any, assert_never

from loguru import logger

from fixengine.actors.filling.evaluation import Evaluated, evaluate_claim
from fixengine.actors.filling.fill_span import fill_span
from fixengine.actors.filling.quotes import Quotes
from fixengine.actors.messages import (
    AbandonClaim,
    ClaimDue,
    ExecutionsFreed,
    FillsPublished,
    OrdersStored,
    PublishFills,
    StoreFills,
)
from fixengine.errors import UnavailableError
from fixengine.ports.stores import Claim
from fixengine.recurring import Recurring
from fixengine.rules.fills import FillRules, outcome
from fixengine.rules.leases import LEASE
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import HoldUp, Outage
from fixengine.telemetry.spans import Context
from fixengine.telemetry.tracing import UNTRACED, Batch, Tracer

LARGEST_CLAIM = 800
"""Executions locked at a time."""

ENOUGH_UNPUBLISHED = 3_000
"""Fills on their way to the broker at which no more are made, until fewer than half of it are."""

APART = 0.015
"""Seconds from the beginning of one claim to that of the next, where one has all that is due.

What falls due meanwhile shares a transaction, a price call and a mark; without that a moderate load
takes more of a core than a high one, and its waits are longer.
"""

LONGEST_SLEEP = 1.0
"""Seconds between looks for due executions that other engines may have left."""

SILENCE = 5.0
"""Seconds without an acknowledgement after which it is said that fills wait for the broker."""

PRICES_MISSED_FOR = 10.0
"""Seconds after prices could not be had in which only prices show that they can be had again."""

_REPOSITORY_TIMEOUT = 6.0
_PRICES_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class _Tick:
    """Fill scheduler → itself: fill what is due."""

    turn: int


class FillScheduler(Actor):
    """One claim after the other while anything is due, asleep when nothing is."""

    def __init__(
        self,
        *,
        repository: ActorRef,
        pricing: ActorRef,
        publisher: ActorRef,
        health: Health,
        metrics: EngineMetrics,
        rules: FillRules,
        seed: str | None,
        interval: float | None,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the parts; with `interval`, in seconds, one execution is evaluated in each."""
        super().__init__()
        self._repository = repository
        self._quotes = Quotes(pricing, patience=_PRICES_TIMEOUT)
        self._publisher = publisher
        self._metrics = metrics
        self._rules = rules
        self._seed = seed
        self._is_slow = bool(interval)
        self._apart = interval or APART
        self._limit = 1 if interval else LARGEST_CLAIM
        self._tracer = tracer
        self._unpublished = 0
        self._crowded = False
        self._heard_at = 0.0
        self._retries = Retries(first=0.1, cap=1.0)
        self._unpriced_at: float | None = None
        self._outage = Outage(
            "filling waits", "filling goes on", holds_up=HoldUp(health, Part.FILLING)
        )
        self._refused = Recurring("ERROR", "a fill is refused, put off")
        self._changed = Recurring(
            "WARNING", "fills are not stored, their executions are no longer as they were claimed"
        )
        self._timer: Timer | None = None
        self._turn = 0
        self._wake_at = float("inf")
        self._not_before = 0.0

    def boot(self) -> None:
        self._sleep(0)

    def receive(self, message: _Tick | OrdersStored | ExecutionsFreed | FillsPublished) -> Any:
        match message:
            case _Tick(turn=turn):
                return self._tick() if turn == self._turn else None
            case OrdersStored(due_in=due_in):
                return self._wake_within(due_in)
            case ExecutionsFreed():
                return self._wake_within(0)
            case FillsPublished(count=count):
                return self._published(count)
            case _:
                assert_never(message)

    def _tick(self) -> None:
        """Take one step, if there is room for more fills, and decide when to take the next."""
        if self.stopping:
            return
        self._not_before = monotonic() + self._apart
        try:
            pause = LONGEST_SLEEP if self._waits_for_the_broker() else self._step()
        except UnavailableError as error:
            pause = self._retries.next_wait()
            self._outage.begin(str(error))
        else:
            self._retries.reset()
            if not self._crowded and not self._waits_for_prices():
                self._outage.end()
        if self._is_slow:
            pause = max(pause, self._not_before - monotonic())
        self._sleep(pause)

    def _step(self) -> float:
        """Fill one claim's worth of what is due; return how many seconds to sleep."""
        began, claimed_at = monotonic(), time_ns()
        self._quotes.ask_ahead()
        claim = self._claim()
        if not claim.executions:
            return _sleep_until(claim, ())
        self._metrics.claim_size.observe(len(claim.executions))
        # late, for whose orders it is about was not known before
        orders = (Context.read(execution.traceparent) for execution in claim.executions)
        with self._tracer.batch("fill executions", orders, claimed_at) as batch:
            batch.did("claim")
            evaluated = self._evaluate(claim)
            if claim.more and not self.stopping:
                self._quotes.ask_ahead()
            left = self._store(evaluated, claimed_at, batch)
        if claim.more or left:
            return 0
        pause = max(_sleep_until(claim, evaluated.next_times()), APART)
        return max(pause - (monotonic() - began), 0)

    def _claim(self) -> Claim:
        """Claim until there is something in it, or nothing is due.

        Slices of a sweep that are empty have rests between them, with looks at the front.
        """
        message = ClaimDue(limit=self._limit, reply_to=self.actor_ref)
        while True:
            claim = ask(self._repository, message, timeout=_REPOSITORY_TIMEOUT)
            if claim.executions or not claim.more or self.stopping:
                return claim

    def _evaluate(self, claim: Claim) -> Evaluated:
        tickers = frozenset(execution.ticker for execution in claim.executions)
        try:
            prices = self._quotes.prices(tickers)
        except UnavailableError:
            tell(self._repository, AbandonClaim())
            self._unpriced_at = monotonic()
            raise
        self._unpriced_at = None
        return evaluate_claim(claim, prices, rules=self._rules, seed=self._seed)

    def _store(self, evaluated: Evaluated, claimed_at: int, batch: Batch) -> int:
        """End the claim and hand what is stored to the publisher.

        Returns how many there was no time for, as others are refused.
        """
        message = StoreFills(fills=evaluated.fills, postponed=evaluated.postponed)
        until = monotonic() + LEASE  # what is stored proves that the engine lived after this
        # unavailable, it may be stored all the same: the publisher looks into the outbox
        stored = ask(self._repository, message, timeout=_REPOSITORY_TIMEOUT)
        self._metrics.unpriced.inc(len(evaluated.postponed))
        kept = [fill for fill in evaluated.fills if fill.execution.id in stored.ids]
        if stored.changed:
            self._changed.happened(stored.changed)
        for refused, reason in stored.refused.items():
            self._refused.happened(execution=refused, reason=reason)
        logger.opt(lazy=True).debug(
            "fills stored", executions=lambda: [fill.execution.id for fill in kept]
        )
        for fill in kept:
            self._metrics.fills.labels(outcome(fill)).inc()
        self._tracer.ended(kept, partial(fill_span, began=claimed_at, links=batch.links))
        announced = tuple(fill for fill in kept if fill.announced)
        if announced:
            self._unpublished += len(announced)
            tell(
                self._publisher, PublishFills(fills=announced, until=until, reply_to=self.actor_ref)
            )
        return stored.left

    def _waits_for_the_broker(self) -> bool:
        """Return whether enough fills are on their way.

        That a broker is slower than claims is normal and nothing to tell of, unless it is silent.
        """
        if not self._crowded:
            self._crowded = self._unpublished >= ENOUGH_UNPUBLISHED
            self._heard_at = monotonic()
        elif monotonic() - self._heard_at > SILENCE:
            self._outage.begin("fills wait for the broker")
        return self._crowded

    def _waits_for_prices(self) -> bool:
        """Return whether prices could not be had lately: a claim of nothing has not needed any."""
        missed = self._unpriced_at
        return missed is not None and monotonic() - missed < PRICES_MISSED_FOR

    def _published(self, count: int) -> None:
        """Go on as soon as there is room again."""
        self._unpublished -= count
        self._heard_at = monotonic()
        if self._crowded and self._unpublished < ENOUGH_UNPUBLISHED // 2:
            self._crowded = False
            self._sleep(max(self._not_before - monotonic(), 0))

    def _wake_within(self, seconds: float) -> None:
        """Wake up for what may fall due, unless that is near anyway or no claim can be made."""
        now = monotonic()
        wake_at = max(now + seconds, self._not_before)
        if wake_at < self._wake_at and not (self._outage.is_on or self._crowded):
            self._sleep(max(wake_at - now, 0))

    def _sleep(self, seconds: float) -> None:
        """Let exactly one tick follow; one that is under way already counts no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._turn += 1
        self._wake_at = monotonic() + seconds
        if seconds > 0:
            self._timer = self.tell_later(seconds, _Tick(self._turn))
        else:
            self.actor_ref.tell(_Tick(self._turn))


def _sleep_until(claim: Claim, next_times: Iterable[datetime]) -> float:
    """Return the seconds from the claim to when something falls due, a second at the most."""
    waits = [(moment - claim.now).total_seconds() for moment in next_times]
    if claim.next_due_in is not None:
        waits.append(claim.next_due_in)
    return max(min([LONGEST_SLEEP, *waits]), 0)
