"""A claim at the repository: what is due is locked, and what became of it is stored and handed on.

Between the two the executions are priced and evaluated, while nobody else can claim them.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import NamedTuple

from loguru import logger

from fixengine.actors.filling.evaluation import EvaluatedClaim
from fixengine.actors.filling.fill_span import expiry_span, fill_span
from fixengine.actors.messages import (
    AbandonClaim,
    ClaimDue,
    PublishFills,
    StoreFills,
)
from fixengine.ports.stores import Claim, Stored
from fixengine.recurring import Recurring
from fixengine.rules.fills import outcome
from fixengine.rules.take_over_times import LEASE
from fixengine.rules.values import ChangeKind, Fill
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.spans import Context
from fixengine.telemetry.tracing import Tracer

_REPOSITORY_TIMEOUT = 6.0  # seconds

assert _REPOSITORY_TIMEOUT < LEASE, "a fill whose storing took as long may still be sent"


class HandedOn(NamedTuple):
    """What became of a claim: `announced` fills are on their way to the broker.

    There was no time to store `left` others: they are due as before.
    """

    announced: int
    left: int


class Claiming:
    """One claim at a time."""

    def __init__(
        self,
        *,
        repository: ActorRef,
        publisher: ActorRef,
        reply_to: ActorRef,
        metrics: EngineMetrics,
        tracer: Tracer,
    ) -> None:
        """Take the parts; `reply_to` hears what is freed and what is published."""
        self._repository = repository
        self._publisher = publisher
        self._reply_to = reply_to
        self._metrics = metrics
        self._tracer = tracer
        self._refused = Recurring("ERROR", "a fill is refused, put off")
        self._changed = Recurring(
            "WARNING", "fills are not stored, their executions are no longer as they were claimed"
        )

    def claim(self, limit: int, *, given_up: Callable[[], bool]) -> Claim:
        """Claim until there is something in it, or nothing is due, or it is given up.

        The repository may find nothing in one slice of the past and go on with the next, with
        rests and looks at what has just fallen due between them.
        """
        message = ClaimDue(limit=limit, reply_to=self._reply_to)
        while True:
            claim = ask(self._repository, message, timeout=_REPOSITORY_TIMEOUT)
            if claim.executions:
                self._metrics.claim_size.observe(len(claim.executions))
                return claim
            if not claim.more or given_up():
                return claim

    def abandon(self) -> None:
        """Give the claim back as it was."""
        tell(self._repository, AbandonClaim())

    def store(
        self, evaluated: EvaluatedClaim, *, began: int, links: tuple[Context, ...]
    ) -> HandedOn:
        """End the claim, and hand what is stored to the publisher.

        The spans of fills and ends begin with the claim, in nanoseconds since 1970. Raises
        UnavailableError; the fills may be stored all the same, then the publisher finds them in
        the outbox.
        """
        message = StoreFills(
            fills=evaluated.fills, postponed=evaluated.postponed, ended=evaluated.ended
        )
        until = monotonic() + LEASE  # what is stored proves that the engine lived after this
        stored = ask(self._repository, message, timeout=_REPOSITORY_TIMEOUT)
        kept = [fill for fill in evaluated.fills if fill.execution.id in stored.ids]
        over = [each.fill for each in evaluated.ended if each.fill.execution.id in stored.ids]
        self._tell_of(stored, kept, over, postponed=len(evaluated.postponed))
        self._tracer.ended(kept, partial(fill_span, began=began, links=links))
        self._tracer.ended(over, partial(expiry_span, began=began, links=links))
        announced = tuple(fill for fill in (*kept, *over) if fill.announced)
        if announced:
            tell(
                self._publisher,
                PublishFills(fills=announced, until=until, reply_to=self._reply_to),
            )
        return HandedOn(announced=len(announced), left=stored.left)

    def _tell_of(
        self, stored: Stored, kept: list[Fill], over: list[Fill], *, postponed: int
    ) -> None:
        self._metrics.unpriced.inc(postponed)
        for fill in kept:
            self._metrics.fills.labels(outcome(fill)).inc()
        if over:
            self._metrics.changes.labels(ChangeKind.EXPIRE.lower(), "done").inc(len(over))
        if stored.changed:
            self._changed.happened(stored.changed)
        for refused, reason in stored.refused.items():
            self._refused.happened(execution=refused, reason=reason)
        logger.opt(lazy=True).debug(
            "fills stored", executions=lambda: [fill.execution.id for fill in (*kept, *over)]
        )
