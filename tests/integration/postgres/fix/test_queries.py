"""What REST shows of sessions, and what is counted of what waits."""

from datetime import UTC, datetime, timedelta
from time import time

import pytest
from msgspec.structs import replace

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.queries import PostgresSessionQueries
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Identity, TakenSession
from fixengine.ports.fix_queries import FixBacklog, SentQuery, SessionQuery, ShownSession
from fixengine.rules.changes import Refusal
from tests.support.fix.works import IDENTITY, cancel, enter, sent, taken, work
from tests.support.rows import PATIENCE, change


@pytest.fixture
def queries(pool: Database) -> PostgresSessionQueries:
    return PostgresSessionQueries(pool)


def page(queries: PostgresSessionQueries, **criteria: object) -> tuple[ShownSession, ...]:
    return queries.sessions(SessionQuery(**criteria), timeout=PATIENCE)  # type: ignore[arg-type]  # as the test says


def only(queries: PostgresSessionQueries) -> ShownSession:
    (session,) = page(queries)
    return session


def test_a_session_is_held_until_it_is_let_go(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    session = taken(sessions)
    shown = only(queries)
    assert (shown.begin, shown.own, shown.peer) == IDENTITY
    assert (shown.is_held, shown.epoch) == (True, session.epoch)
    assert shown.owner
    sessions.release(session.id)
    assert not only(queries).is_held


def test_a_session_is_shown_with_its_numbers(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, generation=3, next_in=7, next_out=9)])
    shown = only(queries)
    assert (shown.generation, shown.next_in, shown.next_out) == (3, 7, 9)
    assert not shown.reset_wanted


def test_sessions_come_in_pages_by_their_ids(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    first, second, third = (
        taken(sessions, IDENTITY._replace(peer=peer)).id for peer in (b"C", b"B", b"A")
    )
    assert [each.id for each in page(queries, limit=2)] == [first, second]
    assert [each.id for each in page(queries, after=second)] == [third]


def test_sessions_of_one_client_are_found_by_its_name(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    mine = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS2")
    taken(sessions)
    old, new = taken(sessions, mine._replace(begin=b"FIX.4.2")), taken(sessions, mine)
    assert {each.id for each in page(queries, peer=b"OMS2")} == {old.id, new.id}
    assert page(queries, peer=b"OMS") == ()


def waiting(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks, session: TakenSession
) -> None:
    """Let a fill of ten seconds ago wait to be told, and a cancel of a minute ago be undecided."""
    (order,) = enter(sessions, books, session, b"a")
    id_ = order.execution_id
    change(
        database,
        f"insert into fill values ({id_}, 1, 4, 100, now() - interval '10 s', 4, 400, 2, false)",
        "insert into fix_pending (session_id, execution_id, number) "
        f"values ({session.id}, {id_}, 1)",
    )
    asked_at = datetime.now(UTC) - timedelta(minutes=1)
    request = replace(cancel(session, b"b", id_), asked_at=asked_at)
    sessions.commit([work(session, requests=(request,))])


def test_what_waits_is_counted_for_its_session(
    database: str,
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    queries: PostgresSessionQueries,
) -> None:
    taken(sessions, IDENTITY._replace(peer=b"OTHER"))
    session = taken(sessions)
    waiting(database, sessions, books, session)
    other, shown = page(queries)
    assert (shown.reports, shown.requests) == (1, 1)
    assert (other.reports, other.requests) == (0, 0)


def test_what_waits_is_as_old_as_what_it_tells_of(
    database: str,
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    queries: PostgresSessionQueries,
) -> None:
    session = taken(sessions)
    nothing = queries.backlog([session.id], timeout=PATIENCE)
    assert nothing == FixBacklog(0, 0, 0, 0, nothing.clock)
    assert abs(nothing.clock - time()) < 60
    waiting(database, sessions, books, session)
    backlog = queries.backlog([session.id], timeout=PATIENCE)
    assert (backlog.reports, backlog.requests) == (1, 1)
    assert 10 <= backlog.oldest_report_age < 55
    assert backlog.oldest_request_age >= 60


def test_a_refusal_that_waits_is_as_old_as_its_request(
    database: str,
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    queries: PostgresSessionQueries,
) -> None:
    session = taken(sessions)
    waiting(database, sessions, books, session)
    change(database, "delete from fix_pending")
    (request,) = books.undecided(limit=9)
    books.refuse(request, Refusal.CLOSED)
    backlog = queries.backlog([session.id], timeout=PATIENCE)
    assert (backlog.reports, backlog.requests) == (1, 0)
    assert backlog.oldest_report_age >= 60


def test_what_others_have_to_be_told_is_not_counted(
    database: str,
    sessions: PostgresFixSessions,
    books: PostgresFixBooks,
    queries: PostgresSessionQueries,
) -> None:
    session = taken(sessions)
    waiting(database, sessions, books, session)
    backlog = queries.backlog([session.id + 1], timeout=PATIENCE)
    assert (backlog.reports, backlog.oldest_report_age, backlog.requests) == (0, 0, 1)


def test_what_a_session_sent_comes_in_pages_by_its_numbers(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_out=9, sent=tuple(map(sent, (2, 3, 5, 8))))])

    def numbers(**criteria: int) -> list[int]:
        found = queries.sent(SentQuery(session_id=session.id, **criteria), timeout=PATIENCE)
        assert found is not None
        return [each.seq for each in found.messages]

    assert numbers() == [2, 3, 5, 8]
    assert numbers(limit=2) == [2, 3]
    assert numbers(after=3) == [5, 8]
    assert numbers(generation=session.generation + 1) == []


def test_messages_are_of_the_present_generation_unless_another_is_asked_for(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_out=3, sent=(sent(2),))])
    sessions.commit([work(session, generation=2, next_out=5, sent=(sent(4),))])
    now = queries.sent(SentQuery(session_id=session.id), timeout=PATIENCE)
    before = queries.sent(SentQuery(session_id=session.id, generation=1), timeout=PATIENCE)
    assert now is not None
    assert before is not None
    assert (now.begin, now.generation, now.messages) == (b"FIX.4.4", 2, (sent(4),))
    assert (before.generation, before.messages) == (1, (sent(2),))


def test_no_session_has_sent_nothing(
    sessions: PostgresFixSessions, queries: PostgresSessionQueries
) -> None:
    session = taken(sessions)
    assert queries.sent(SentQuery(session_id=session.id - 1), timeout=PATIENCE) is None
    assert queries.sent(SentQuery(session_id=session.id + 1), timeout=PATIENCE) is None
