"""The desk: who waits, who passes, and what each request is answered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from math import inf
from threading import Event
from time import monotonic
from typing import Any

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.changing.desk import Desk
from fixengine.actors.changing.limits import ChangeLimits
from fixengine.actors.messages import ChangeExecution, PublishFills
from fixengine.demo.waiting import wait_until
from fixengine.errors import (
    FixengineError,
    LockedError,
    RejectedError,
    SchemaError,
    UnavailableError,
)
from fixengine.ports.changes import KnownChange, Locked
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal
from fixengine.rules.fills import FillRules
from fixengine.rules.values import Change, ChangeKind, Execution
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.reply import Reply
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.spans import Context, Kind, Sampler, Span, fill_context
from fixengine.telemetry.tracing import UNTRACED, SamplingTracer, Tracer
from tests.support.executions import SENT, execution

NOW = SENT + timedelta(seconds=5)
QUICK = ChangeLimits(first_pause=0.001, longest_pause=0.01)


@dataclass
class Table:
    """Executions, some of which are claimed, unpublished or refused by the database."""

    rows: dict[int, Execution] = field(default_factory=dict)
    known: dict[tuple[int, str], KnownChange] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    unpublished: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    refusal: FixengineError = field(default_factory=lambda: RejectedError("a trigger says no"))
    away: bool = False
    loses_answers: int = 0
    bug: set[int] = field(default_factory=set)
    waits: bool = False
    waited: list[float] = field(default_factory=list)
    locks: list[list[int]] = field(default_factory=list)
    is_closed: bool = False

    def lock(self, requests: Sequence[ChangeRequest], *, within: float) -> Locked:
        ids = [each.execution_id for each in requests]
        self.locks.append(ids)
        if self.away:
            raise UnavailableError("the database is away")
        if self.bug.issuperset(ids):
            raise ValueError("a bug")
        if self.claimed.intersection(ids):
            self.waited.append(within)
            if self.waits:
                Event().wait(max(within, 0.001))  # as the database does
            raise LockedError("another session holds it")
        keys = {(each.execution_id, each.key) for each in requests}
        return Locked(
            executions={id_: self.rows[id_] for id_ in ids if id_ in self.rows},
            unpublished=frozenset(self.unpublished),
            not_numbers=frozenset(),
            now=NOW,
            known={key: change for key, change in self.known.items() if key in keys},
        )

    def store(self, changes: Sequence[Change]) -> frozenset[int]:
        ids = frozenset(each.fill.execution.id for each in changes)
        if ids & self.refused:
            raise self.refusal
        for each in changes:
            after = each.fill.execution
            self.rows[after.id] = after
            assert each.key is not None
            self.known[after.id, each.key] = KnownChange(kind=each.kind, execution=after)
        if self.loses_answers:
            self.loses_answers -= 1
            raise UnavailableError("the connection broke")
        return ids

    def abandon(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


class Publisher(Actor):
    """Takes note of what it is to publish."""

    def __init__(self, told: list[int]) -> None:
        super().__init__()
        self._told = told

    def receive(self, message: PublishFills) -> None:
        self._told += [fill.execution.id for fill in message.fills]


@contextmanager
def desk(
    table: Table,
    told: list[int] | None = None,
    limits: ChangeLimits = QUICK,
    tracer: Tracer = UNTRACED,
) -> Iterator[ActorRef]:
    publisher = Publisher.start([] if told is None else told)
    running: pykka.ActorRef[Desk] = Desk.start(
        changes=table,
        publisher=publisher,
        metrics=EngineMetrics(CollectorRegistry()),
        rules=FillRules(announce_empty=True),
        limits=limits,
        tracer=tracer,
    )
    for each in (publisher, running):
        each.ask(Boot(), timeout=60)
    try:
        yield running
    finally:
        for each in (running, publisher):
            each.stop()


def table(*ids: int, **changes: Any) -> Table:
    return Table(rows={id_: execution(id=id_, **changes) for id_ in ids})


def cancel(id_: int, **changes: Any) -> ChangeRequest:
    fields: dict[str, Any] = {"kind": ChangeKind.CANCEL, **changes}
    return ChangeRequest(execution_id=id_, **fields)


def sent(ref: ActorRef, request: ChangeRequest, within: float = 60) -> Reply[ChangeDecision]:
    message = ChangeExecution(request=request, deadline=monotonic() + within)
    return ask(ref, message, timeout=60)


def answer(ref: ActorRef, request: ChangeRequest) -> ChangeDecision:
    return sent(ref, request).get(timeout=60)


def test_a_request_is_met_and_its_message_goes_to_the_publisher() -> None:
    told: list[int] = []
    with desk(table(1), told) as ref:
        decision = answer(ref, cancel(1))
        assert decision.refusal is None
        assert decision.execution is not None
        assert decision.execution.execution_status == "CNCLD"
        wait_until(lambda: told == [1], 60, "the publisher to be told")


def test_what_can_not_be_met_is_answered_with_the_execution_as_it_is() -> None:
    with desk(table(1, is_open=False)) as ref:
        late = answer(ref, cancel(1))
        assert late.refusal is Refusal.CLOSED
        assert late.execution is not None
        assert late.execution.version == 1
        assert answer(ref, cancel(2)) == ChangeDecision(execution=None, refusal=Refusal.UNKNOWN)


def test_what_is_closed_is_answered_though_its_last_fill_is_not_published() -> None:
    rows = table(1, is_open=False)
    rows.unpublished = {1}
    with desk(rows) as ref:
        assert answer(ref, cancel(1)).refusal is Refusal.CLOSED


def test_a_request_waits_until_the_last_fill_is_published() -> None:
    rows = table(1, 2)
    rows.unpublished = {1}
    with desk(rows) as ref:
        waiting = sent(ref, cancel(1))
        assert answer(ref, cancel(2)).refusal is None
        wait_until(lambda: len(rows.locks) > 3, 60, "it to be tried again")
        assert rows.rows[1].is_open
        rows.unpublished = set()
        assert waiting.get(timeout=60).refusal is None


def test_one_whose_execution_is_claimed_lets_the_others_pass() -> None:
    rows = table(*range(1, 6))
    rows.claimed = {3}
    with desk(rows) as ref:
        waiting = [sent(ref, cancel(id_)) for id_ in range(1, 6)]
        for place in (0, 1, 3, 4):
            assert waiting[place].get(timeout=60).refusal is None
        rows.claimed = set()
        assert waiting[2].get(timeout=60).refusal is None


def test_a_claim_that_hangs_holds_up_only_those_who_want_what_it_has() -> None:
    """However many these are: what is new is tried before what had to wait."""
    rows = table(*range(1, 402))
    rows.claimed = set(range(1, 401))
    rows.waits = True
    with desk(rows, limits=ChangeLimits(lock_within=0.2)) as ref:
        for id_ in range(1, 401):
            ref.tell(ChangeExecution(request=cancel(id_), deadline=inf))
        wait_until(lambda: len(rows.waited) > 400, 60, "each to be tried")
        decision = sent(ref, cancel(401))
        before = len(rows.waited)
        assert decision.get(timeout=60).refusal is None
        assert len([wait for wait in rows.waited[before:] if wait > 0]) <= 3
        rows.claimed = set()
        rows.waits = False
        wait_until(lambda: not any(each.is_open for each in rows.rows.values()), 60, "all ends")


def test_those_for_an_execution_that_is_not_free_leave_room_for_all_others() -> None:
    rows = table(1, 2)
    rows.claimed = {1}
    with desk(rows, limits=replace(QUICK, most_waiting=3)) as ref:
        waiting = [sent(ref, cancel(1, key=f"{number}")) for number in range(5)]
        for each in waiting[3:]:
            with pytest.raises(UnavailableError, match="too many requests wait"):
                each.get(timeout=60)
        assert answer(ref, cancel(2)).refusal is None
        rows.claimed = set()
        assert [each.get(timeout=60).refusal for each in waiting[:3]] == [
            None,
            Refusal.CLOSED,
            Refusal.CLOSED,
        ]
        assert answer(ref, cancel(1, key="5")).refusal is Refusal.CLOSED


def test_who_waits_for_messages_is_looked_at_now_and_then_however_many_wait() -> None:
    rows = table(*range(1, 252))
    rows.unpublished = set(range(1, 251))
    limits = ChangeLimits(first_pause=3600, longest_pause=3600)
    with desk(rows, limits=limits) as ref:
        for id_ in range(1, 251):
            ref.tell(ChangeExecution(request=cancel(id_), deadline=inf))
        assert answer(ref, cancel(251)).refusal is None
        looked = len(rows.locks)
        for _ in range(20):
            answer(ref, cancel(251))
        assert sum(len(ids) for ids in rows.locks[looked:]) == 20


def test_a_bug_leaves_nobody_without_an_answer_and_nothing_locked() -> None:
    rows = table(1, 2, 3)
    rows.refused = {2}
    rows.away = True
    with desk(rows) as ref:
        waiting = [sent(ref, cancel(id_)) for id_ in (1, 2, 3)]
        rows.bug = {3}
        rows.away = False
        for each in waiting:
            try:
                each.get(timeout=60)
            except FixengineError:
                continue
        wait_until(lambda: rows.is_closed, 60, "the connection to be closed")


def test_two_requests_for_one_execution_are_met_one_after_the_other() -> None:
    rows = table(1)
    rows.away = True
    with desk(rows) as ref:
        more = cancel(1, kind=ChangeKind.REPLACE, quantity=Decimal(500), key="more")
        both = [sent(ref, more), sent(ref, cancel(1, key="end"))]
        rows.away = False
        versions = []
        for each in both:
            decision = each.get(timeout=60)
            assert decision.refusal is None
            assert decision.execution is not None
            versions.append(decision.execution.version)
        assert versions == [2, 3]


def test_a_request_that_is_not_decided_by_its_deadline_is_answered_so() -> None:
    rows = table(1)
    rows.claimed = {1}
    with desk(rows) as ref:
        with pytest.raises(UnavailableError, match="not free in time"):
            sent(ref, cancel(1), within=0.05).get(timeout=60)
        rows.claimed = set()
        assert answer(ref, cancel(1)).refusal is None


def test_a_request_whose_answer_the_database_lost_is_met_once_and_answered_so() -> None:
    rows = table(1)
    rows.loses_answers = 1
    with desk(rows) as ref:
        decision = answer(ref, cancel(1))
        assert decision.refusal is None
        assert decision.execution is not None
        assert decision.execution.version == rows.rows[1].version == 2


def test_the_same_request_changes_nothing_and_another_with_its_key_is_refused() -> None:
    rows = table(1)
    with desk(rows) as ref:
        more = cancel(1, kind=ChangeKind.REPLACE, quantity=Decimal(500), key="k")
        first = answer(ref, more)
        assert answer(ref, more) == first
        other = cancel(1, kind=ChangeKind.REPLACE, quantity=Decimal(501), key="k")
        assert answer(ref, other).refusal is Refusal.KEY_TAKEN
        assert rows.rows[1].version == 2


@pytest.mark.parametrize("refusal", [RejectedError("a trigger says no"), SchemaError("no right")])
def test_what_the_database_refuses_costs_nobody_else_and_is_not_tried_again(
    refusal: FixengineError,
) -> None:
    rows = table(1, 2, 3)
    rows.refusal = refusal
    rows.refused = {2}
    rows.away = True
    with desk(rows) as ref:
        waiting = {id_: sent(ref, cancel(id_)) for id_ in (1, 2, 3)}
        rows.away = False
        for id_ in (1, 3):
            assert waiting[id_].get(timeout=60).refusal is None
        with pytest.raises(type(refusal), match=str(refusal)):
            waiting[2].get(timeout=60)


def test_who_waits_while_the_engine_stops_is_told() -> None:
    rows = table(1)
    rows.claimed = {1}
    with desk(rows) as ref:
        waiting = sent(ref, cancel(1))
    with pytest.raises(UnavailableError, match="the engine stops"):
        waiting.get(timeout=60)
    assert rows.is_closed


def test_many_requests_are_decided_together() -> None:
    rows = table(*range(1, 101))
    rows.away = True
    with desk(rows) as ref:
        waiting = [sent(ref, cancel(id_)) for id_ in range(1, 101)]
        rows.away = False
        for each in waiting:
            assert each.get(timeout=60).refusal is None
    assert max(map(len, rows.locks)) > 50


def test_a_connection_that_nobody_needs_is_closed() -> None:
    rows = table(1)
    with desk(rows, limits=ChangeLimits(connection_kept=0.01)) as ref:
        assert answer(ref, cancel(1)).refusal is None
        wait_until(lambda: rows.is_closed, 60, "the connection to be closed")


ORDER = f"00-{'4' * 32}-{'7' * 16}-01"
ASKED = f"00-{'a' * 32}-{'b' * 16}-01"


def spans_of(*requests: ChangeRequest, **changes: Any) -> tuple[list[Span], list[ChangeDecision]]:
    """Return what a trace has of these requests, and what each was answered."""
    spans: list[Span] = []
    tracer = SamplingTracer(Sampler(), spans.append)
    with desk(table(1, **{"traceparent": ORDER, **changes}), tracer=tracer) as ref:
        answers = [answer(ref, request) for request in requests]
    return spans, answers


def test_what_is_done_is_the_span_that_its_message_names_in_the_orders_trace() -> None:
    replaced = ChangeRequest(
        execution_id=1, kind=ChangeKind.REPLACE, quantity=Decimal(200), traceparent=ASKED
    )
    spans, answers = spans_of(replaced, cancel(1))
    assert [span.name for span in spans] == ["replace", "cancel"]
    for span, decision, number in zip(spans, answers, (1, 2), strict=True):
        assert decision.execution is not None
        assert span.context == fill_context(decision.execution)
        assert str(span.parent) == ORDER
        assert span.kind is Kind.PRODUCER
        assert span.began <= span.ended
        assert span.attributes == {
            "fixengine.order.id": decision.execution.execution_service_id,
            "fixengine.execution.id": 1,
            "fixengine.change.outcome": "done",
            "fixengine.fill.number": number,
        }
    assert [span.links for span in spans] == [(Context.read(ASKED),), ()]


def test_what_is_refused_is_a_span_that_no_message_names() -> None:
    (done, refused), answers = spans_of(cancel(1), cancel(1))
    assert answers[1].execution is not None
    assert refused.context != done.context == fill_context(answers[1].execution)
    assert str(refused.parent) == ORDER
    assert refused.kind is Kind.INTERNAL
    assert refused.attributes["fixengine.change.outcome"] == "closed"
    assert "fixengine.fill.number" not in refused.attributes


@pytest.mark.parametrize("traceparent", [None, f"{ORDER[:-1]}0"])
def test_what_is_not_traced_has_no_span(traceparent: str | None) -> None:
    spans, _ = spans_of(cancel(1), cancel(2), traceparent=traceparent)
    assert spans == []
