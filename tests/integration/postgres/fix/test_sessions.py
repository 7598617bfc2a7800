"""A session is one gateway's at a time, and its numbers outlive all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Identity, TakenSession
from tests.support.fix.works import IDENTITY, gateway, taken, work
from tests.support.rows import change, one

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def other(pool: Database) -> Iterator[PostgresFixSessions]:
    with gateway(pool) as other:
        yield other


def backend(sessions: PostgresFixSessions) -> int:
    assert sessions._connection is not None
    row = sessions._connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def take_in_time(sessions: PostgresFixSessions) -> TakenSession:
    """Take a session as soon as its owner is gone."""
    found: list[TakenSession] = []

    def took() -> bool:
        session = sessions.take(IDENTITY, began_since=None)
        found.extend([session] if session else [])
        return session is not None

    wait_until(took, 60, "the session to be free")
    return found[0]


def test_a_session_that_is_new_begins_with_one(sessions: PostgresFixSessions) -> None:
    session = taken(sessions)
    assert (session.epoch, session.generation) == (1, 1)
    assert (session.next_in, session.next_out) == (1, 1)


def test_each_pair_of_names_and_each_version_is_a_session_of_its_own(
    sessions: PostgresFixSessions,
) -> None:
    identities = [
        IDENTITY,
        IDENTITY._replace(begin=b"FIX.4.2"),
        IDENTITY._replace(own=b"OTHER"),
        IDENTITY._replace(peer=b"OMS2"),
        Identity(b"FIX.4.4", b"\xff\x00", b"\xe9"),
    ]
    assert len({taken(sessions, each).id for each in identities}) == len(identities)


def test_a_session_goes_on_with_its_numbers_under_the_next_epoch(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(sessions)
    assert sessions.commit([work(session, next_in=5, next_out=7)]) == {session.id}
    sessions.release(session.id)
    again = taken(other)
    assert again == TakenSession(id=session.id, epoch=2, generation=1, next_in=5, next_out=7)


def test_a_session_that_another_gateway_holds_is_not_given(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    taken(sessions)
    assert other.take(IDENTITY, began_since=None) is None


def test_a_gateway_is_told_which_of_its_sessions_are_wanted(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(sessions)
    taken(sessions, IDENTITY._replace(peer=b"OMS2"))
    assert sessions.wanted() == frozenset()
    other.take(IDENTITY, began_since=None)
    assert sessions.wanted() == {session.id}
    assert other.wanted() == frozenset()


def test_who_wanted_a_session_long_ago_is_forgotten(
    database: str, sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(sessions)
    other.take(IDENTITY, began_since=None)
    change(database, "update fix_session set wanted_at = wanted_at - interval '5 seconds'")
    assert sessions.wanted() == frozenset()
    other.take(IDENTITY, began_since=None)
    assert sessions.wanted() == {session.id}


def test_a_session_that_was_taken_is_wanted_no_more(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(sessions)
    other.take(IDENTITY, began_since=None)
    sessions.release(session.id)
    taken(other)
    assert other.wanted() == frozenset()
    assert sessions.wanted() == frozenset()


def test_a_gateway_may_take_its_own_session_anew_and_lets_it_go_at_once(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    first = taken(sessions)
    second = taken(sessions)
    assert second.epoch == first.epoch + 1
    assert sessions.commit([work(first, next_in=9)]) == frozenset()
    sessions.release(second.id)
    assert taken(other).next_in == 1


def test_an_operator_sees_who_has_a_session_and_since_when(
    database: str, sessions: PostgresFixSessions
) -> None:
    taken(sessions)
    seen = "select owner = 'test' and seen_at > now() - interval '1 minute' from fix_session"
    assert one(database, seen)
    change(database, "update fix_session set seen_at = null")
    sessions.release(taken(sessions).id)
    assert one(database, seen)


def test_a_generation_that_began_before_the_end_of_a_day_is_over(
    database: str, sessions: PostgresFixSessions
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_in=5, next_out=7)])
    began = one(database, "select began_at from fix_session")
    assert sessions.take(IDENTITY, began_since=began) is not None
    again = sessions.take(IDENTITY, began_since=began + timedelta(microseconds=1))
    assert again == TakenSession(id=session.id, epoch=3, generation=2, next_in=1, next_out=1)


def test_the_end_of_a_day_begins_one_generation_whatever_the_databases_clock_says(
    sessions: PostgresFixSessions,
) -> None:
    taken(sessions)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    generations = []
    for _ in range(3):
        session = sessions.take(IDENTITY, began_since=ahead)
        assert session is not None
        generations.append(session.generation)
    assert generations == [2, 2, 2]


def test_a_generation_that_an_operator_ends_is_over_once(
    database: str, sessions: PostgresFixSessions
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_in=5, next_out=7)])
    change(database, "update fix_session set reset_wanted = true")
    again = sessions.take(IDENTITY, began_since=LONG_AGO)
    assert again == TakenSession(id=session.id, epoch=2, generation=2, next_in=1, next_out=1)
    sessions.commit([work(again, next_in=2, next_out=2)])
    assert taken(sessions).generation == 2


def test_a_generation_that_the_client_began_counts_from_now(
    database: str, sessions: PostgresFixSessions
) -> None:
    session = taken(sessions)
    change(database, "update fix_session set began_at = now() - interval '2 days'")
    sessions.commit([work(session, generation=2, next_in=2, next_out=2)])
    yesterday = datetime.now(UTC) - timedelta(days=1)
    again = sessions.take(IDENTITY, began_since=yesterday)
    assert again is not None
    assert (again.generation, again.next_in) == (2, 2)


def test_a_gateway_whose_connection_is_cut_has_no_session_left(
    database: str, sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(sessions)
    change(database, f"select pg_terminate_backend({backend(sessions)})")
    new = take_in_time(other)
    with pytest.raises(UnavailableError):
        sessions.commit([work(session, next_in=9)])
    with pytest.raises(UnavailableError):
        sessions.wanted()
    sessions.open()
    assert sessions.commit([work(session, next_in=9)]) == frozenset()
    assert (new.epoch, new.next_in) == (session.epoch + 1, 1)
