"""Reports come in the order in which things were, whoever stores them at the same time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from threading import Event

import psycopg

from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import TakenSession
from fixengine.rules.changes import ChangeRequest, change, refusal
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.values import ChangeKind
from fixengine.trading.values import Evaluated, FixRequest, NewOrder, Refused, key_of
from tests.support.fix.works import cancel, enter, taken, work
from tests.support.rows import session

ORDERS = 40
AT_ONCE = FillRules(delay_min=0, delay_max=0)
TOLD = """
select f.number
from fill as f
left join change as c using (execution_id, number)
where f.execution_id = %s and (f.quantity > 0 or c.kind is not null)
order by f.number
"""


def fill(pool: Database, seed: int, over: Event) -> None:
    """Evaluate what is due, as an engine does, until all is over."""
    rng = Random(seed)
    with session(pool) as claims:
        while not over.is_set():
            claim = claims.claim(3)
            fills = [
                evaluate(each, price=Decimal(2), now=claim.now, rng=rng, rules=AT_ONCE)
                for each in claim.executions
            ]
            claims.store(fills, ())


def decide(pool: Database, books: PostgresFixBooks, over: Event) -> None:
    """Decide requests to cancel, as a gateway's desk does, until all is over."""
    changes = PostgresChanges(pool, None)
    while not over.is_set():
        for asked in books.undecided(limit=5):
            decide_one(changes, books, asked)
    changes.close()


def decide_one(changes: PostgresChanges, books: PostgresFixBooks, asked: FixRequest) -> None:
    assert asked.execution_id is not None
    request = ChangeRequest(
        execution_id=asked.execution_id,
        kind=ChangeKind.CANCEL,
        key=key_of(asked.session_id, asked.cl_ord_id),
    )
    locked = changes.lock([request], within=60)
    (execution,) = locked.executions.values()
    refused = refusal(execution, request)
    if refused is None:
        assert locked.now is not None
        changes.store([change(execution, request, now=locked.now, rules=AT_ONCE)])
        return
    changes.abandon()
    if not locked.known:  # else another gateway has done it
        books.refuse(asked, refused)


def tell(
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    ours: TakenSession,
    orders: Sequence[NewOrder],
) -> list[Evaluated | Refused]:
    """Read page by page, as a session does; ask to cancel one order after another meanwhile.

    That begins when one of them is closed, whose request will be refused.
    """
    told: list[Evaluated | Refused] = []
    to_ask = [cancel(ours, b"cancel %d" % each.execution_id, each.execution_id) for each in orders]
    unanswered = len(orders)
    while unanswered:
        page = books.reports(ours.id, limit=4)
        told += page
        unanswered -= sum(isinstance(each, Refused) or each.kind is not None for each in page)
        begins = any(
            not each.fill.execution.is_open for each in told if isinstance(each, Evaluated)
        )
        requests = (to_ask.pop(),) if to_ask and begins else ()
        positions = tuple(each.position for each in page)
        sessions.commit([work(ours, requests=requests, told=positions)])
    return told


def test_evaluations_are_told_in_their_order_and_a_refusal_after_what_led_to_it(
    database: str, pool: Database, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    ours, over = taken(sessions), Event()
    names = [b"%d" % number for number in range(ORDERS)]
    orders = (
        *enter(sessions, books, ours, *names, quantity=Decimal(3000)),
        *enter(sessions, books, ours, b"never filled", limit_price=Decimal(1)),
    )
    with ThreadPoolExecutor() as threads:
        working = [threads.submit(fill, pool, seed, over) for seed in (1, 2)]
        working += [threads.submit(decide, pool, books, over) for _ in range(2)]
        try:
            told = threads.submit(tell, sessions, books, ours, orders).result(60)
        finally:
            over.set()
        for each in working:
            each.result(60)
    assert books.reports(ours.id, limit=1) == []
    with psycopg.connect(database) as connection:
        for order in orders:
            mine = [each for each in told if each.order.execution_id == order.execution_id]
            numbers = [
                each.fill.execution.number_of_fills for each in mine if isinstance(each, Evaluated)
            ]
            assert numbers == [row[0] for row in connection.execute(TOLD, [order.execution_id])]
            refused = [isinstance(each, Refused) for each in mine]
            assert not any(refused[:-1]), "it came before the fill that closed the order"
    outcomes = {type(each) for each in told if isinstance(each, Refused) or each.kind is not None}
    assert outcomes == {Evaluated, Refused}, "what is to be seen did not happen"
