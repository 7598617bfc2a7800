"""What a session asked for is known, and what became of it is told in the order in which it was."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace

from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.infra.postgres.schema.schema import PostgresSchema
from fixengine.ports.fix import TakenSession
from fixengine.rules.changes import ChangeRequest, Refusal
from fixengine.rules.changes import change as changed
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.shards import Shard
from fixengine.rules.values import Change, ChangeKind, Execution, Fill
from fixengine.trading.values import (
    Evaluated,
    FixRequest,
    Known,
    NewOrder,
    Refused,
    RequestState,
    key_of,
)
from tests.support.fix.works import (
    IDENTITY,
    cancel,
    enter,
    request,
    sent,
    standing,
    taken,
    work,
)
from tests.support.rows import change, session

ELSEWHERE = "e" * 24  # another security
MUCH = Decimal(10**6)  # is not filled at once
OTHER = IDENTITY._replace(peer=b"OMS2")
AT_ONCE = FillRules(delay_min=0, delay_max=0)
ODD = b"\x00\xff'\\ \xe9"  # no text in any encoding


def fill_once(claims: PostgresClaims) -> dict[int, Fill]:
    """Fill what is due, and have it be due again."""
    claim = claims.claim(100)
    fills = [
        evaluate(each, price=Decimal("1.1"), now=claim.now, rng=Random(7), rules=AT_ONCE)
        for each in claim.executions
    ]
    stored = claims.store(fills, ())
    assert len(stored) == len(fills) > 0
    return {fill.execution.id: fill for fill in fills}


def store_change(pool: Database, claims: PostgresClaims, asked: ChangeRequest) -> Change:
    """Change an execution, as the desk does."""
    changes = PostgresChanges(pool, claims.session)
    locked = changes.lock([asked], within=60)
    (execution,) = locked.executions.values()
    assert locked.now is not None
    made = changed(execution, asked, now=locked.now, rules=AT_ONCE)
    assert changes.store([made]) == {execution.id}
    changes.close()
    return made


def test_of_a_name_that_was_never_given_nothing_is_known(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    look = books.look(taken(sessions).id, [b"1", ODD, b""], new_orders=0)
    assert look.known == {}
    assert look.numbers == ()


def test_a_request_without_an_order_is_known_too(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    refused = request(
        session, ODD, state=RequestState.REFUSED, quantity=Decimal("0.5"), limit_price=Decimal(3)
    )
    sessions.commit([work(session, requests=(refused,))])
    assert books.look(session.id, [ODD], new_orders=0).known == {ODD: Known(request=refused)}


def test_an_execution_is_known_as_its_client_was_told(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = taken(sessions)
    (entered,) = enter(sessions, books, ours, b"1", quantity=MUCH, limit_price=Decimal(7))
    id_ = entered.execution_id

    def known() -> Execution:
        look = books.look(ours.id, [b"1"], new_orders=0)
        (listed,) = books.standings([id_])
        assert listed.order == standing(look.known[b"1"]).order == entered.fix
        assert listed.execution == standing(look.known[b"1"]).execution
        return listed.execution

    new = known()
    with session(pool) as claims:
        stages = [new, fill_once(claims)[id_].execution, fill_once(claims)[id_].execution]
        more = ChangeRequest(execution_id=id_, kind=ChangeKind.REPLACE, quantity=2 * MUCH)
        stages.append(store_change(pool, claims, more).fill.execution)
        stages.append(fill_once(claims)[id_].execution)
    reports = books.reports(ours.id, limit=10)
    assert len(reports) == 4
    for stage, report in zip(stages, reports, strict=False):
        assert without_due(known()) == without_due(stage)
        sessions.commit([work(ours, told=(report.position,))])
    assert known() == stages[-1]


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.EXPIRE])
def test_what_closed_an_execution_is_known_when_the_client_was_told(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks, kind: ChangeKind
) -> None:
    ours = taken(sessions)
    entered, asked = asked_to_cancel(sessions, books, ours)
    id_ = entered.execution_id

    def known() -> list[ChangeKind | None]:
        look = books.look(ours.id, [b"1"], new_orders=0)
        return [
            standing(look.known[b"1"]).closed_by,
            *(each.closed_by for each in books.standings([id_])),
        ]

    assert known() == [None, None]
    with session(pool) as claims:
        fill_once(claims)
        store_change(pool, claims, ChangeRequest(execution_id=id_, kind=kind))
    books.refuse(asked, Refusal.CLOSED)
    assert known() == [None, None]
    fill, end, refused = books.reports(ours.id, limit=10)
    assert isinstance(fill, Evaluated)
    assert isinstance(end, Evaluated)
    assert isinstance(refused, Refused)
    assert (fill.kind, end.kind, refused.closed_by) == (None, kind, kind)
    sessions.commit([work(ours, told=(fill.position, end.position, refused.position))])
    assert known() == [kind, kind]


def test_the_open_orders_of_a_session_are_listed_by_their_numbers(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours, other = taken(sessions), taken(sessions, OTHER)
    first, closed, second = enter(sessions, books, ours, b"3", b"2", b"1")
    enter(sessions, books, other, b"1")
    change(
        database,
        f"update execution set is_open = false where id = {closed.execution_id}",
    )
    (elsewhere,) = enter(sessions, books, ours, b"4", security_id=ELSEWHERE)

    def listed(security_id: str | None, limit: int) -> Sequence[int]:
        return books.open_orders(ours.id, security_id=security_id, limit=limit)

    open_ = [each.execution_id for each in (first, second, elsewhere)]
    assert listed(None, 10) == open_
    assert listed(None, 2) == open_[:2]
    assert listed(ELSEWHERE, 10) == open_[2:]
    assert listed("f" * 24, 10) == []
    forgotten = 2**31 - 1
    standings = books.standings([forgotten, open_[1], open_[0]])
    assert [each.order for each in standings] == [first.fix, second.fix]


def test_no_number_is_given_twice_and_those_of_orders_are_below_all_others(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    looks = [books.look(session.id, [], new_orders=3) for _ in range(2)]
    numbers = [number for look in looks for number in look.numbers]
    assert len({execution for execution, _ in numbers}) == 6
    assert all(order == -execution for execution, order in numbers)


def test_executions_get_the_numbers_of_the_shard(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    PostgresSchema(pool, pool, forgets=False, shard=Shard(2, 3)).prepare()
    look = books.look(taken(sessions).id, [], new_orders=3)
    assert [execution for execution, _ in look.numbers] == [2, 5, 8]


def test_what_was_sent_is_read_by_its_numbers(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session, other = taken(sessions), taken(sessions, OTHER)
    messages = tuple(sent(seq) for seq in (9, 2, 4, 5, 7))
    sessions.commit([work(session, sent=messages), work(other, sent=(sent(3), sent(4)))])
    assert [each.seq for each in books.sent(session, 4, 7)] == [4, 5, 7]
    assert [each.seq for each in books.sent(session, 1, 99)] == [2, 4, 5, 7, 9]
    assert books.sent(session, 10, 99) == []


def test_sessions_that_have_something_to_be_told_are_named(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours, other, quiet = (
        taken(sessions, IDENTITY._replace(peer=peer)) for peer in (b"1", b"2", b"3")
    )
    for each in (ours, other):
        enter(sessions, books, each, b"1")
    assert books.waiting([ours.id, other.id, quiet.id]) == frozenset()
    with session(pool) as claims:
        fill_once(claims)
    assert books.waiting([ours.id, quiet.id]) == {ours.id}
    assert books.waiting([]) == frozenset()
    position = books.reports(ours.id, limit=1)[0].position
    sessions.commit([work(ours, told=(position,))])
    assert books.waiting([ours.id, other.id, quiet.id]) == {other.id}


def test_a_fill_is_told_as_it_was_though_others_came_later(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = taken(sessions)
    (entered,) = enter(sessions, books, ours, b"1", quantity=MUCH)
    with session(pool) as claims:
        fills = [fill_once(claims)[entered.execution_id] for _ in range(3)]
    reports = books.reports(ours.id, limit=10)
    assert [each.fill for each in evaluations(reports)] == [as_read(fill) for fill in fills]
    assert all(each.order == entered.fix for each in reports)
    assert all(each.kind is each.request_key is None for each in evaluations(reports))


def test_a_fill_is_told_with_the_terms_of_its_time_and_a_change_with_its_key(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = taken(sessions)
    (entered,) = enter(sessions, books, ours, b"1", quantity=MUCH, limit_price=Decimal(7))
    id_ = entered.execution_id
    with session(pool) as claims:
        before = fill_once(claims)[id_]
        replaced = store_change(
            pool,
            claims,
            ChangeRequest(
                execution_id=id_,
                kind=ChangeKind.REPLACE,
                key=key_of(ours.id, ODD),
                quantity=2 * MUCH,
                limit_price=None,
            ),
        )
        after = fill_once(claims)[id_]
        over = store_change(pool, claims, ChangeRequest(execution_id=id_, kind=ChangeKind.CANCEL))
    reports = evaluations(books.reports(ours.id, limit=10))
    wanted = [before, replaced.fill, after, over.fill]
    assert [each.fill for each in reports] == [as_read(fill) for fill in wanted]
    assert [each.kind for each in reports] == [None, ChangeKind.REPLACE, None, ChangeKind.CANCEL]
    assert [each.request_key for each in reports] == [None, key_of(ours.id, ODD), None, None]


def test_what_waits_longest_is_told_first_page_by_page(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours, other = taken(sessions), taken(sessions, OTHER)
    for each in (ours, other):
        enter(sessions, books, each, b"1", b"2", b"3", quantity=MUCH)
    with session(pool) as claims:
        fill_once(claims)
        fill_once(claims)
    everything = books.reports(ours.id, limit=10)
    assert len(everything) == 6
    told: list[Evaluated | Refused] = []
    while page := books.reports(ours.id, limit=4):
        told += page
        sessions.commit([work(ours, told=tuple(each.position for each in page))])
    assert told == everything
    assert [each.position for each in told] == sorted(each.position for each in told)
    assert len(books.reports(other.id, limit=10)) == 6


def test_a_request_that_is_refused_is_told_once(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = taken(sessions)
    entered, asked = asked_to_cancel(sessions, books, ours)
    for _ in range(2):
        books.refuse(asked, Refusal.CLOSED)
    (report,) = books.reports(ours.id, limit=10)
    assert isinstance(report, Refused)
    assert report.refusal is Refusal.CLOSED
    assert report.request == replace(asked, state=RequestState.REFUSED)
    assert report.order == entered.fix
    assert report.execution.id == entered.execution_id
    sessions.commit([work(ours, told=(report.position,), done=(asked.cl_ord_id,))])
    assert books.waiting([ours.id]) == frozenset()
    assert books.undecided(limit=10) == []


@pytest.mark.parametrize("refusal", Refusal)
def test_each_reason_comes_back_as_it_was_given(
    sessions: PostgresFixSessions, books: PostgresFixBooks, refusal: Refusal
) -> None:
    ours = taken(sessions)
    _, asked = asked_to_cancel(sessions, books, ours)
    books.refuse(asked, refusal)
    (report,) = books.reports(ours.id, limit=10)
    assert isinstance(report, Refused)
    assert report.refusal is refusal


def test_requests_are_decided_in_the_order_in_which_they_came(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours, other = taken(sessions), taken(sessions, OTHER)
    _, first = asked_to_cancel(sessions, books, ours)
    _, second = asked_to_cancel(sessions, books, other, seconds=1)
    assert books.undecided(limit=10) == [first, second]
    assert books.undecided(limit=1) == [first]
    in_hand = [key_of(ours.id, first.cl_ord_id)]
    assert books.undecided(in_hand=in_hand, limit=1) == [second]
    books.refuse(first, Refusal.CLOSED)
    assert books.undecided(limit=10) == [second]


def test_a_request_whose_change_is_stored_is_not_decided_again(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    """Its session may be away for days, and others would wait behind it."""
    ours, other = taken(sessions), taken(sessions, OTHER)
    entered, first = asked_to_cancel(sessions, books, ours)
    _, second = asked_to_cancel(sessions, books, other, seconds=1)
    with session(pool) as claims:
        store_change(
            pool,
            claims,
            ChangeRequest(
                execution_id=entered.execution_id,
                kind=ChangeKind.CANCEL,
                key=key_of(ours.id, first.cl_ord_id),
            ),
        )
    assert books.undecided(limit=1) == []
    assert books.undecided(limit=1) == [second]
    books.refuse(first, Refusal.CLOSED)
    (report,) = books.reports(ours.id, limit=10)
    assert isinstance(report, Evaluated)


def test_a_request_whose_change_is_stored_can_not_be_refused(
    pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours = taken(sessions)
    entered, asked = asked_to_cancel(sessions, books, ours)
    with session(pool) as claims:
        key = key_of(ours.id, asked.cl_ord_id)
        store_change(
            pool,
            claims,
            ChangeRequest(execution_id=entered.execution_id, kind=ChangeKind.CANCEL, key=key),
        )
    books.refuse(asked, Refusal.CLOSED)
    assert [type(each) for each in books.reports(ours.id, limit=10)] == [Evaluated]


def test_numbers_that_are_none_stop_nobody(
    database: str, pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    """Another program may have written them."""
    ours = taken(sessions)
    entered, asked = asked_to_cancel(sessions, books, ours)
    with session(pool) as claims:
        fill_once(claims)
    books.refuse(asked, Refusal.NO_NUMBER)
    change(
        database,
        "update execution set quantity_ordered = 'NaN', limit_price = 'NaN', total_amount = 'NaN'",
    )
    evaluated, refused = books.reports(ours.id, limit=10)
    look = books.look(ours.id, [b"1"], new_orders=0)
    (listed,) = books.standings([entered.execution_id])
    assert isinstance(evaluated, Evaluated)
    assert isinstance(refused, Refused)
    assert refused.execution.quantity_ordered == 0
    assert evaluated.fill.execution.quantity_filled > 0
    assert standing(look.known[b"1"]).execution == listed.execution


def asked_to_cancel(
    sessions: PostgresFixSessions, books: PostgresFixBooks, ours: TakenSession, *, seconds: int = 0
) -> tuple[NewOrder, FixRequest]:
    """Store an order, and a request to cancel it that came so many seconds after others."""
    (entered,) = enter(sessions, books, ours, b"1", quantity=MUCH)
    asked = cancel(ours, ODD, entered.execution_id)
    later = replace(asked, asked_at=asked.asked_at + timedelta(seconds=seconds))
    sessions.commit([work(ours, requests=(later,))])
    return entered, later


def without_due(execution: Execution) -> Execution:
    """Return an execution without what the ledger does not know: when it is due again."""
    return replace(execution, next_fill_timestamp=None)


def evaluations(reports: Sequence[Evaluated | Refused]) -> list[Evaluated]:
    return [each for each in reports if isinstance(each, Evaluated)]


def as_read(fill: Fill) -> Fill:
    return replace(fill, execution=without_due(fill.execution))
