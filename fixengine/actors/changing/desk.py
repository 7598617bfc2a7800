"""The desk: decides requests to change executions, in the race with claims that fill them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from typing import Any, assert_never
from uuid import uuid4

import pykka
from loguru import logger
from msgspec.structs import replace

from fixengine.actors.changing.limits import CHANGE_LIMITS, ChangeLimits
from fixengine.actors.changing.waiting import WaitingRequest
from fixengine.actors.messages import (
    ChangeExecution,
    ExpireExecutions,
    FillsPublished,
    PublishFills,
)
from fixengine.errors import LockedError, RejectedError, UnavailableError
from fixengine.ports.stores import Changes, Locked
from fixengine.recurring import Recurring
from fixengine.rules.changes import (
    EXPIRED_WITHIN,
    ChangeRequest,
    Decision,
    Refusal,
    change,
    is_same,
    refusal,
)
from fixengine.rules.take_over_times import LEASE
from fixengine.rules.values import Change, ChangeKind
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.metrics.engine import EngineMetrics


@dataclass(frozen=True, slots=True)
class _Decide:
    """Desk → itself: decide what waits."""


@dataclass(frozen=True, slots=True)
class _LetGo:
    """Desk → itself: close the connection if nobody has asked for long."""


class Desk(Actor):
    """Decides many requests with one transaction.

    A request waits until its execution is free: a claim that has it ends first, and its last fill
    is published. Nobody fills it while it is decided.
    """

    def __init__(
        self,
        *,
        changes: Changes,
        publisher: ActorRef,
        metrics: EngineMetrics,
        announce_empty: bool,
        limits: ChangeLimits = CHANGE_LIMITS,
    ) -> None:
        super().__init__()
        self._changes = changes
        self._publisher = publisher
        self._metrics = metrics
        self._announce_empty = announce_empty
        self._limits = limits
        self._waiting: list[WaitingRequest] = []
        self._retries = Retries(first=limits.first_pause, cap=limits.longest_pause)
        self._timer: Timer | None = None
        self._asked_at = monotonic()
        self._refused = Recurring("ERROR", "a change is refused")

    def boot(self) -> None:
        self.tell_later(self._limits.connection_kept, _LetGo())

    def receive(
        self, message: ChangeExecution | ExpireExecutions | FillsPublished | _Decide | _LetGo
    ) -> Any:
        match message:
            case ChangeExecution(request=request, deadline=deadline):
                return message.answer(self._take(request, deadline))
            case ExpireExecutions(execution_ids=execution_ids):
                return self._expire(execution_ids)
            case _Decide():
                return self._decide()
            case FillsPublished():
                return None
            case _LetGo():
                return self._let_go()
            case _:
                assert_never(message)

    def close(self) -> None:
        for each in self._waiting:
            each.fail(UnavailableError("the engine stops before the request is decided"))
        self._changes.close()

    def _expire(self, execution_ids: Iterable[int]) -> None:
        """Take in what has expired, but for what is in hand: it is told of again and again."""
        in_hand = {
            each.request.execution_id
            for each in self._waiting
            if each.request.kind is ChangeKind.EXPIRE
        }
        deadline = monotonic() + EXPIRED_WITHIN.total_seconds()
        for id_ in execution_ids:
            if id_ not in in_hand:
                self._take(ChangeRequest(execution_id=id_, kind=ChangeKind.EXPIRE), deadline)

    def _take(self, request: ChangeRequest, deadline: float) -> pykka.Future[Decision]:
        # by its key a request whose commit got no answer is found again
        request = replace(request, key=request.key or f"engine:{uuid4()}")
        waiting = WaitingRequest(request=request, deadline=deadline, metrics=self._metrics)
        self._waiting.append(waiting)
        self._asked_at = monotonic()
        self.actor_ref.tell(_Decide())
        return waiting.decision

    def _decide(self) -> None:
        """Decide what can be decided now; the rest is behind those that have not been tried."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting = [each for each in self._waiting if not each.is_late()]
        batch = self._waiting[: self._limits.most_at_once]
        if not batch or self.stopping:
            return
        left = self._try(batch)
        self._waiting = [*self._waiting[len(batch) :], *left]
        if len(left) < len(batch):
            self._retries.reset()
        if self._waiting:
            pause = 0.0 if len(self._waiting) > len(left) else self._retries.next_wait()
            self._timer = self.tell_later(pause, _Decide())

    def _try(self, batch: Sequence[WaitingRequest]) -> list[WaitingRequest]:
        """Decide what can be decided now; return the rest."""
        try:
            return self._settle(batch)
        except (LockedError, RejectedError) as error:
            if len(batch) > 1:
                return [left for each in batch for left in self._try([each])]
            if isinstance(error, RejectedError):
                self._refused.happened(execution=batch[0].request.execution_id, reason=str(error))
                batch[0].fail(UnavailableError(f"the database refuses the change: {error}"))
                return []
        except UnavailableError as error:  # the repository says so itself
            logger.bind(reason=str(error)).debug("changes wait")
        return [*batch]

    def _settle(self, batch: Iterable[WaitingRequest]) -> list[WaitingRequest]:
        """Lock the executions, decide, store; return the requests that wait on."""
        until = monotonic() + LEASE  # what is stored proves that the engine lived after this
        batch = [*batch]
        locked = self._changes.lock(
            [each.request for each in batch], within=self._limits.lock_within
        )
        made: dict[int, tuple[WaitingRequest, Change]] = {}
        decided: list[tuple[WaitingRequest, Decision]] = []
        left: list[WaitingRequest] = []
        for each in batch:
            outcome = None if each.request.execution_id in made else self._outcome(each, locked)
            match outcome:
                case None:
                    left.append(each)
                case Decision():
                    decided.append((each, outcome))
                case Change():
                    made[each.request.execution_id] = (each, outcome)
        stored = self._store([done for _, done in made.values()], until=until)
        for id_, (each, done) in made.items():
            if id_ in stored:
                decided.append((each, Decision(execution=done.fill.execution)))
            else:
                left.append(each)
        for each, decision in decided:
            each.decide(decision)
        return left

    def _outcome(self, waiting: WaitingRequest, locked: Locked) -> Change | Decision | None:
        """Return what becomes of a request; None if it has to wait."""
        request = waiting.request
        execution = locked.executions.get(request.execution_id)
        if execution is None or locked.now is None:
            return Decision(execution=None, refusal=Refusal.UNKNOWN)
        known = locked.known.get((execution.id, request.key or ""))
        if known is not None:
            same = is_same(request, kind=known.kind, after=known.execution.terms)
            return Decision(
                execution=known.execution if same else execution,
                refusal=None if same else Refusal.KEY_TAKEN,
            )
        why = refusal(execution, request)
        if why is not None:
            return Decision(execution=execution, refusal=why)
        if execution.id in locked.unpublished:
            return None
        return change(execution, request, now=locked.now, announce_empty=self._announce_empty)

    def _store(self, changes: Sequence[Change], *, until: float) -> frozenset[int]:
        if not changes:
            self._changes.abandon()
            return frozenset()
        stored = self._changes.store(changes)
        fills = [change.fill for change in changes if change.fill.execution.id in stored]
        announced = tuple(fill for fill in fills if fill.announced)
        if announced:
            tell(
                self._publisher,
                PublishFills(fills=announced, until=until, reply_to=self.actor_ref),
            )
        return stored

    def _let_go(self) -> None:
        if monotonic() - self._asked_at > self._limits.connection_kept and not self._waiting:
            self._changes.close()
        self.tell_later(self._limits.connection_kept, _LetGo())
