"""What a read of a session leaves is stored as a whole, and only by the gateway that holds it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from fixengine.errors import RejectedError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.rules.values import TimeInForce
from fixengine.trading.values import RequestKind, RequestState
from tests.support.fix.works import (
    IDENTITY,
    SENT_AT,
    cancel,
    enter,
    gateway,
    new_order,
    request,
    sent,
    standing,
    taken,
    work,
)
from tests.support.rows import change, one, refusing

OTHER = IDENTITY._replace(peer=b"OMS2")
ODD = b"\x00\xff'\\ \xe9"  # no text in any encoding
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def row(dsn: str, statement: str) -> tuple[Any, ...]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(statement.encode()).fetchone()
    assert found is not None
    return found


def test_numbers_are_stored_with_what_they_mean(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    messages = (sent(1), sent(2, body=ODD, kind=b"AE"), sent(5, execution_id=7, number=0))
    stored = sessions.commit([work(session, next_in=3, next_out=6, sent=messages)])
    assert stored == {session.id}
    assert tuple(books.sent(session, 1, 9)) == messages
    again = taken(sessions)
    assert (again.next_in, again.next_out) == (3, 6)


def test_work_of_many_sessions_is_stored_together(sessions: PostgresFixSessions) -> None:
    first, second = taken(sessions), taken(sessions, OTHER)
    works = [work(first, next_in=2, sent=(sent(1),)), work(second, next_in=3, sent=(sent(1),))]
    assert sessions.commit(works) == {first.id, second.id}
    assert taken(sessions).next_in == 2
    assert taken(sessions, OTHER).next_in == 3


def test_no_work_at_all_stores_nothing(sessions: PostgresFixSessions) -> None:
    assert sessions.commit([]) == frozenset()


def test_an_order_enters_as_a_row_that_engines_fill(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    (entered,) = enter(
        sessions, books, session, ODD, quantity=Decimal("0.12345678"), limit_price=Decimal("1.5")
    )
    assert row(
        database,
        "select id, execution_service_id, is_open, execution_status, trade_type, destination, "
        "security_id::text, ticker, quantity_ordered, limit_price, received_timestamp, "
        "quantity_filled, number_of_fills, total_amount, trade_service_execution_id, version "
        "from execution",
    ) == (
        entered.execution_id,
        -entered.execution_id,
        True,
        "WORK",
        "BUY",
        "ML",
        entered.order.security_id,
        "A",
        Decimal("0.12345678"),
        Decimal("1.5"),
        entered.order.received_timestamp,
        0,
        0,
        0,
        None,
        1,
    )
    (known,) = books.look(session.id, [ODD], new_orders=0).known.values()
    assert standing(known).order == entered.fix
    assert known.request == request(session, ODD, execution_id=entered.execution_id)
    assert standing(known).execution.id == entered.execution_id
    assert (
        one(database, "select (select count(*) from expiry) + count(*) from execution_trace") == 0
    )


def test_an_order_is_due_after_the_usual_delay_but_never_after_its_end(
    database: str, pool: Database, books: PostgresFixBooks
) -> None:
    with gateway(pool, first_fill_delay=100) as sessions:
        session = taken(sessions)
        now = books.look(session.id, [], new_orders=0).now
        for number, end in enumerate((None, now + timedelta(seconds=50), now + timedelta(days=1))):
            enter(sessions, books, session, b"%d" % number, expires_at=end)
    waits = (
        "select array_agg(extract(epoch from next_fill_timestamp - sent_timestamp)::float8 "
        "order by id) from execution"
    )
    usual, short, long = one(database, waits)
    assert usual == long == 100
    assert 0 < short <= 50
    assert one(database, "select count(*) from expiry where time_in_force is null") == 2


@pytest.mark.parametrize("time_in_force", TimeInForce)
def test_an_order_that_may_not_wait_is_due_at_once(
    database: str, pool: Database, books: PostgresFixBooks, time_in_force: TimeInForce
) -> None:
    with gateway(pool, first_fill_delay=100) as sessions:
        session = taken(sessions)
        enter(sessions, books, session, b"1", time_in_force=time_in_force)
        (known,) = books.look(session.id, [b"1"], new_orders=0).known.values()
    assert standing(known).execution.time_in_force is time_in_force
    assert one(database, "select next_fill_timestamp = sent_timestamp from execution")
    assert one(database, "select expires_at is null from expiry")


def test_an_order_is_not_sent_before_it_was_received(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    later = books.look(1, [], new_orders=0).now + timedelta(hours=1)
    enter(sessions, books, taken(sessions), b"1", received_timestamp=later)
    assert one(database, "select sent_timestamp from execution") == later


def test_an_order_goes_on_with_its_trace(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    enter(sessions, books, taken(sessions), b"1", traceparent=TRACE)
    assert one(database, "select traceparent from execution_trace") == TRACE


def test_there_is_a_part_of_the_ledger_for_each_order(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    change(database, "select setval('execution_id_seq', 2999998)")
    enter(sessions, books, taken(sessions), b"1", b"2", b"3")
    assert one(database, "select bool_and(has_fill_part(id)) from execution")


def test_an_order_has_the_name_that_its_last_request_gave_it(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    (entered, other) = enter(sessions, books, session, b"1", b"2")
    asked = cancel(session, ODD, entered.execution_id)
    pending = replace(
        entered.fix, pending_cl_ord_id=ODD, pending_kind=RequestKind.CANCEL, account=b"\xff"
    )
    sessions.commit([work(session, requests=(asked,), orders=(pending,))])
    known = books.look(session.id, [b"1", b"2", ODD], new_orders=0).known
    assert known[ODD].request == asked
    assert standing(known[ODD]).order == standing(known[b"1"]).order == pending
    assert standing(known[b"2"]).order == other.fix
    told = replace(pending, cl_ord_id=ODD, pending_cl_ord_id=None, pending_kind=None)
    sessions.commit([work(session, orders=(told,), done=(ODD,))])
    known = books.look(session.id, [ODD], new_orders=0).known
    assert standing(known[ODD]).order == told
    assert known[ODD].request.state is RequestState.DONE


def test_a_request_that_was_refused_stays_so_when_that_is_told(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    (entered,) = enter(sessions, books, session, b"1")
    refused = replace(cancel(session, b"2", entered.execution_id), state=RequestState.REFUSED)
    sessions.commit([work(session, requests=(refused,))])
    sessions.commit([work(session, done=(b"2", b"of nobody"))])
    known = books.look(session.id, [b"2"], new_orders=0).known
    assert known[b"2"].request.state is RequestState.REFUSED


def test_what_was_told_waits_no_more(database: str, sessions: PostgresFixSessions) -> None:
    session, other = taken(sessions), taken(sessions, OTHER)
    change(
        database,
        f"insert into fix_pending (session_id, execution_id, number) "
        f"select {session.id}, n, 1 from generate_series(1, 5) as n",
        f"insert into fix_pending (session_id, execution_id, number) values ({other.id}, 6, 1)",
    )
    sessions.commit([work(session, told=(1, 2, 4, 6))])
    left = "select array_agg(execution_id order by position) from fix_pending"
    assert one(database, left) == [3, 5, 6], "one of them is another session's"


def test_of_a_session_that_is_lost_nothing_is_stored_and_of_others_all(
    database: str, pool: Database, books: PostgresFixBooks
) -> None:
    with gateway(pool) as sessions, gateway(pool) as heir:
        lost, kept = taken(sessions), taken(sessions, OTHER)
        (entered,) = enter(sessions, books, lost, b"1")
        numbers = books.look(lost.id, [], new_orders=1).numbers
        change(
            database,
            f"insert into fix_pending (session_id, execution_id, number) values ({lost.id}, 1, 1)",
            # as when the lock was freed, and the session taken, behind this gateway's back
            f"update fix_session set epoch = epoch + 1 where id = {lost.id}",
        )
        stale = work(
            lost,
            next_in=9,
            next_out=9,
            sent=(sent(1),),
            new_orders=(new_order(lost, numbers[0], b"3"),),
            requests=(request(lost, b"2"),),
            orders=(replace(entered.fix, account=b"A"),),
            done=(b"1",),
            told=(1,),
        )
        stored = sessions.commit([stale, work(kept, next_in=4, sent=(sent(1),))])
        assert stored == {kept.id}
        assert not books.sent(lost, 1, 9)
        assert len(books.sent(kept, 1, 9)) == 1
        known = books.look(lost.id, [b"1", b"2", b"3"], new_orders=0).known
        assert [*known] == [b"1"]
        assert standing(known[b"1"]).order == entered.fix
        assert one(database, "select count(*) from fix_pending") == 1
        assert one(database, "select count(*) from execution") == 1
        assert one(database, f"select next_in from fix_session where id = {lost.id}") == 1
        heir.close()


def test_a_session_that_was_let_go_is_written_no_more(sessions: PostgresFixSessions) -> None:
    session = taken(sessions)
    sessions.release(session.id)
    assert sessions.commit([work(session, next_in=9)]) == frozenset()
    assert taken(sessions).next_in == 1


def test_a_name_that_was_given_before_is_refused_and_nothing_stored(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session, other = taken(sessions), taken(sessions, OTHER)
    enter(sessions, books, session, b"1")
    numbers = books.look(session.id, [], new_orders=1).numbers
    twice = work(
        session,
        next_in=9,
        new_orders=(new_order(session, numbers[0], b"1"),),
        requests=(request(session, b"1"),),
    )
    with pytest.raises(RejectedError, match="fix_request_pkey"):
        sessions.commit([work(other, next_in=9), twice])
    assert one(database, "select count(*) from execution") == 1
    assert one(database, "select sum(next_in) from fix_session") == 2
    assert sessions.commit([work(other, next_in=9)]) == {other.id}, "the locks are still held"


def test_the_same_name_in_another_session_is_another_order(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    first, second = taken(sessions), taken(sessions, OTHER)
    (one_,) = enter(sessions, books, first, b"1")
    (other,) = enter(sessions, books, second, b"1")
    assert standing(books.look(first.id, [b"1"], new_orders=0).known[b"1"]).order == one_.fix
    assert standing(books.look(second.id, [b"1"], new_orders=0).known[b"1"]).order == other.fix


@pytest.mark.parametrize(
    ("again", "named"),
    [
        (sent(1), "fix_sent_pkey"),
        (sent(2, execution_id=7, number=3), "fix_sent_evaluation_ndx"),
    ],
    ids=["number", "evaluation"],
)
def test_what_has_a_message_gets_no_second_one(
    sessions: PostgresFixSessions, books: PostgresFixBooks, again: Any, named: str
) -> None:
    session = taken(sessions)
    first = sent(1, execution_id=7, number=3)
    sessions.commit([work(session, next_out=2, sent=(first,))])
    with pytest.raises(RejectedError, match=named):
        sessions.commit([work(session, next_out=3, sent=(again,))])
    assert tuple(books.sent(session, 1, 9)) == (first,)
    assert taken(sessions).next_out == 2


def test_values_that_the_database_refuses_leave_nothing_and_no_lock_is_lost(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    for bad in (
        {"destination": "longer than twenty characters"},
        {"destination": "\0"},
        {"quantity": Decimal(10) ** 10},
    ):
        with pytest.raises(RejectedError):
            enter(sessions, books, session, b"1", **bad)
    change(database, refusing("insert on fix_sent", "no"))
    with pytest.raises(RejectedError):
        sessions.commit([work(session, next_out=2, sent=(sent(1),))])
    assert one(database, "select count(*) from execution") == 0
    assert one(database, "select count(*) from fix_request") == 0
    assert sessions.commit([work(session, next_out=2)]) == {session.id}


def test_messages_of_a_generation_are_kept_apart_from_the_one_before(
    sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_out=3, sent=(sent(1), sent(2)))])
    anew = replace(session, generation=2)
    sessions.commit([work(anew, next_out=2, sent=(sent(1, body=ODD),))])
    assert len(books.sent(session, 1, 9)) == 2
    assert tuple(books.sent(anew, 1, 9)) == (sent(1, body=ODD),)
    assert books.sent(anew, 1, 9)[0].sent_at == SENT_AT
