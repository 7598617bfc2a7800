"""The fill scheduler: claims due executions, prices and evaluates them, stores the outcome."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from time import monotonic, time_ns
from typing import Any, assert_never

from fixengine.actors.filling.alarm import Alarm, Tick
from fixengine.actors.filling.back_pressure import BackPressure
from fixengine.actors.filling.claims import Claiming
from fixengine.actors.filling.company import Company
from fixengine.actors.filling.evaluation import EvaluatedClaim, evaluate_claim, tickers_of
from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.filling.quotes import Quotes
from fixengine.actors.messages import ExecutionsFreed, FillsPublished, OrdersStored, Prices
from fixengine.errors import UnavailableError
from fixengine.ports.stores import Claim
from fixengine.rules.fills import FillRules
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import HoldUp, Outage
from fixengine.telemetry.spans import Context
from fixengine.telemetry.tracing import UNTRACED, Tracer


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
        shortest: float,
        limits: FillLimits = FILL_LIMITS,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the parts; with `interval`, in seconds, one execution is priced in each.

        `shortest` is the least number of seconds after which an execution is due for a fill.
        """
        super().__init__()
        self._limits = limits.one_every(interval) if interval else limits.with_delay(shortest)
        self._claims = Claiming(
            repository=repository,
            publisher=publisher,
            reply_to=self.actor_ref,
            metrics=metrics,
            tracer=tracer,
        )
        self._quotes = Quotes(pricing)
        self._outcomes = partial(evaluate_claim, rules=rules, seed=seed)
        self._back_pressure = BackPressure(self._limits)
        self._company = Company(self._limits.apart, self._limits.furthest_apart)
        self._alarm = Alarm(
            tell=self.actor_ref.tell,
            tell_later=self.tell_later,
            apart=lambda: self._company.seconds,
        )
        self._retries = Retries(first=0.1, cap=1.0)
        self._outage = Outage(
            "filling waits", "filling goes on", holds_up=HoldUp(health, Part.FILLING)
        )
        self._tracer = tracer

    def boot(self) -> None:
        self._alarm.ring_in(0)

    def receive(self, message: Tick | OrdersStored | ExecutionsFreed | FillsPublished) -> Any:
        match message:
            case Tick():
                return self._tick() if self._alarm.rings(message) else None
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
        try:
            pause = self._wait() if self._back_pressure.look() else self._step()
        except UnavailableError as error:
            pause = self._retries.next_wait()
            self._outage.begin(str(error))
        else:
            self._retries.reset()
            # a claim of nothing does not show that prices can be had
            if not self._back_pressure.is_on and not self._quotes.missed_lately:
                self._outage.end()
        if self._limits.always_apart:
            self._alarm.ring_apart_in(pause)
        else:
            self._alarm.ring_in(pause)

    def _wait(self) -> float:
        """Say that fills wait where the broker is silent; return how many seconds to sleep."""
        if self._back_pressure.is_silent():
            self._outage.begin("fills wait for the broker")
        return self._limits.longest_sleep

    def _step(self) -> float:
        """Fill one claim's worth of what is due; return how many seconds to sleep."""
        began, claimed_at = monotonic(), time_ns()
        self._quotes.ask_ahead()
        claim = self._claims.claim(self._limits.largest_claim, given_up=lambda: self.stopping)
        self._company.came(len(claim.executions))
        if not claim.executions:
            return self._sleep_until(claim, ())
        # begun late, as nobody knew before to which orders it belongs
        orders = (Context.read(execution.traceparent) for execution in claim.executions)
        with self._tracer.batch("fill executions", orders, claimed_at) as batch:
            batch.did("claim")
            store = partial(self._store, began=claimed_at, links=batch.links)
            evaluated = self._evaluate(claim, store)
            if claim.more and not self.stopping:
                self._quotes.ask_ahead()
            left = store(evaluated)
        if evaluated.only_ends:
            self._alarm.keep_no_distance()
        if claim.more or left:
            return 0
        pause = max(self._sleep_until(claim, evaluated.next_times()), self._company.seconds)
        return max(pause - (monotonic() - began), 0)

    def _evaluate(self, claim: Claim, store: Callable[[EvaluatedClaim], object]) -> EvaluatedClaim:
        """Price and evaluate; what is over ends without a price, and though there is none."""
        tickers = tickers_of(claim)
        try:
            return self._outcomes(claim, self._quotes.prices(tickers) if tickers else Prices())
        except UnavailableError:
            if over := self._outcomes(claim, Prices()).ended:
                store(EvaluatedClaim(ended=over))
            else:
                self._claims.abandon()
            raise

    def _store(self, evaluated: EvaluatedClaim, *, began: int, links: tuple[Context, ...]) -> int:
        """Store and hand on; return how many executions there was no time to store."""
        handed_on = self._claims.store(evaluated, began=began, links=links)
        self._back_pressure.sent(handed_on.announced)
        return handed_on.left

    def _sleep_until(self, claim: Claim, next_times: Iterable[datetime]) -> float:
        """Return the seconds from the claim to when something falls due, within limits."""
        waits = [(moment - claim.now).total_seconds() for moment in next_times]
        if claim.next_due_in is not None:
            waits.append(claim.next_due_in)
        return max(min([self._limits.longest_sleep, *waits]), 0)

    def _published(self, count: int) -> None:
        """Go on as soon as there is room again."""
        if self._back_pressure.arrived(count):
            self._alarm.ring_apart_in(0)

    def _wake_within(self, seconds: float) -> None:
        """Wake up for what may fall due, unless no claim can be made anyway."""
        if not (self._outage.is_on or self._back_pressure.is_on):
            self._alarm.ring_within(seconds)
