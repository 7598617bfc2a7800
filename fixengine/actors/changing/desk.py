"""The desk: decides requests to change executions, in the race with claims that fill them."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias, assert_never
from uuid import uuid4

from loguru import logger
from msgspec.structs import replace

from fixengine.actors.changing.change_span import change_span
from fixengine.actors.changing.limits import CHANGE_LIMITS, ChangeLimits
from fixengine.actors.changing.outcomes import outcome_of
from fixengine.actors.changing.waiting import WaitingRequest
from fixengine.actors.messages import ChangeExecution, PublishFills
from fixengine.errors import (
    LockedError,
    RejectedError,
    SchemaError,
    SlowQueryError,
    UnavailableError,
)
from fixengine.ports.changes import Changes
from fixengine.recurring import Recurring
from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.rules.fills import FillRules
from fixengine.rules.take_over_times import LEASE
from fixengine.rules.values import Change
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.reply import Reply
from fixengine.supervision.retries import Retries
from fixengine.supervision.timers import Timer
from fixengine.telemetry.metrics.changes import ChangeMetrics
from fixengine.telemetry.spans import Span
from fixengine.telemetry.tracing import UNTRACED, Tracer


@dataclass(frozen=True, slots=True)
class _Decide:
    """Desk → itself: decide what nobody has tried yet."""


@dataclass(frozen=True, slots=True)
class _TryAgain:
    """Desk → itself: decide what had to wait."""


@dataclass(frozen=True, slots=True)
class _LetGo:
    """Desk → itself: close the connection if nobody has asked for long."""


_Received: TypeAlias = ChangeExecution | _Decide | _TryAgain | _LetGo


class Desk(Actor):
    """Decides many requests with one transaction.

    A request waits until its execution is free: a claim that has it ends first, and its last fill
    is published. Nobody else can fill it while it is decided. Requests are tried at once, before
    those that had to wait: one that waits holds up no other.

    It is whole with more than ten attributes: they are its parts, and the lists of requests.
    """

    def __init__(
        self,
        *,
        changes: Changes,
        publisher: ActorRef | None,
        metrics: ChangeMetrics,
        rules: FillRules,
        limits: ChangeLimits = CHANGE_LIMITS,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the parts; without a publisher, what is announced is left in the outbox."""
        super().__init__()
        self._changes = changes
        self._publisher = publisher
        self._metrics = metrics
        self._rules = rules
        self._limits = limits
        self._tracer = tracer
        self._new: list[WaitingRequest] = []
        self._held: list[WaitingRequest] = []
        self._in_hand: list[WaitingRequest] = []
        self._decides = False
        self._retries = Retries(first=limits.first_pause, cap=limits.longest_pause)
        self._timer: Timer | None = None
        self._asked_at = monotonic()
        self._refused = Recurring("ERROR", "a change is refused")

    def boot(self) -> None:
        self.tell_later(self._limits.connection_kept, _LetGo())

    def receive(self, message: _Received) -> Any:
        match message:
            case ChangeExecution(request=request, deadline=deadline):
                return message.answer(self._take(request, deadline))
            case _Decide():
                return self._decide()
            case _TryAgain():
                return self._try_again()
            case _LetGo():
                return self._let_go()
            case _:
                assert_never(message)

    def close(self) -> None:
        self._changes.close()
        for each in (*self._in_hand, *self._new, *self._held):
            each.fail(UnavailableError("the engine stops before the request is decided"))

    def _take(self, request: ChangeRequest, deadline: float) -> Reply[ChangeDecision]:
        # by its key a request whose commit got no answer is found again
        request = replace(request, key=request.key or f"engine:{uuid4()}")
        taken = WaitingRequest(request=request, deadline=deadline, metrics=self._metrics)
        self._new.append(taken)
        self._asked_at = monotonic()
        self._go_on()
        return taken.decision

    def _go_on(self) -> None:
        if not self._decides:
            self._decides = True
            self.actor_ref.tell(_Decide())

    def _decide(self) -> None:
        self._decides = False
        # those for one execution are decided in the order in which they came
        before = {each.request.execution_id for each in self._held}
        self._hold([each for each in self._new if each.request.execution_id in before])
        self._new = [each for each in self._new if each.request.execution_id not in before]
        self._hold(self._try_some_of(self._new))
        if self._new:
            self._go_on()
        if self._held and self._timer is None:
            self._timer = self.tell_later(self._retries.next_wait(), _TryAgain())

    def _hold(self, waiting: Sequence[WaitingRequest]) -> None:
        """Let these wait, as many as may."""
        for each in waiting:
            if len(self._held) < self._limits.most_waiting:
                self._held.append(each)
            else:
                each.fail(UnavailableError("too many requests wait for executions to be free"))

    def _try_again(self) -> None:
        before = len(self._held)
        left = self._try_some_of(self._held)
        untried = len(self._held)
        self._held += left
        if len(self._held) < before:
            self._retries.reset()
        pause = 0.0 if untried and not left else self._retries.next_wait()
        self._timer = self.tell_later(pause, _TryAgain()) if self._held else None

    def _try_some_of(self, waiting: list[WaitingRequest]) -> list[WaitingRequest]:
        """Take the first out of the list and decide them; return those that wait on."""
        waiting[:] = [each for each in waiting if not each.is_late()]
        self._in_hand = waiting[: self._limits.most_at_once]
        del waiting[: len(self._in_hand)]
        left = self._try(self._in_hand, within=self._limits.lock_within)
        self._in_hand = []
        return left

    def _try(self, batch: Sequence[WaitingRequest], *, within: float) -> list[WaitingRequest]:
        """Decide what can be decided within so many seconds for a lock; return the rest."""
        if not batch or self.stopping:
            return [*batch]
        try:
            return self._settle(batch, within=within)
        except (LockedError, SlowQueryError, RejectedError, SchemaError) as error:
            if len(batch) > 1:  # the wait is over for all: what is free now is decided
                return [left for each in batch for left in self._try([each], within=0)]
            if isinstance(error, RejectedError | SchemaError):
                self._refused.happened(execution=batch[0].request.execution_id, reason=str(error))
                batch[0].refuse(error)
                return []
        except UnavailableError as error:  # the repository says so itself
            logger.bind(reason=str(error)).debug("changes wait")
        return [*batch]

    def _settle(self, batch: Sequence[WaitingRequest], *, within: float) -> list[WaitingRequest]:
        """Lock the executions, decide, store; return the requests that wait on."""
        until = monotonic() + LEASE  # what is stored proves that the engine lived after this
        locked = self._changes.lock([each.request for each in batch], within=within)
        made: dict[int, tuple[WaitingRequest, Change]] = {}
        decided: list[tuple[WaitingRequest, ChangeDecision]] = []
        left: list[WaitingRequest] = []
        for each in batch:
            outcome = None
            if each.request.execution_id not in made:
                outcome = outcome_of(each.request, locked, rules=self._rules)
            match outcome:
                case None:
                    left.append(each)
                case ChangeDecision():
                    decided.append((each, outcome))
                case Change():
                    made[each.request.execution_id] = (each, outcome)
        stored = self._store([done for _, done in made.values()], until=until)
        for id_, (each, done) in made.items():
            if id_ in stored:
                decided.append((each, ChangeDecision(execution=done.fill.execution)))
            else:
                left.append(each)
        for each, decision in decided:
            each.decide(decision)
        self._tracer.ended(decided, _span)
        return left

    def _store(self, changes: Sequence[Change], *, until: float) -> frozenset[int]:
        if not changes:
            self._changes.abandon()
            return frozenset()
        stored = self._changes.store(changes)
        fills = [change.fill for change in changes if change.fill.execution.id in stored]
        announced = tuple(fill for fill in fills if fill.announced)
        if announced and self._publisher is not None:
            tell(
                self._publisher,
                PublishFills(fills=announced, until=until),
            )
        return stored

    def _let_go(self) -> None:
        if monotonic() - self._asked_at > self._limits.connection_kept and not self._held:
            self._changes.close()
        self.tell_later(self._limits.connection_kept, _LetGo())


def _span(decided: tuple[WaitingRequest, ChangeDecision]) -> Span | None:
    waited, decision = decided
    return change_span(waited.request, decision, began=waited.came_at)
