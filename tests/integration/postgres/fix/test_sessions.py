"""A session is one gateway's at a time, and its numbers outlive all of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Database, open_session
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.resets import Marked, begin_anew
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.infra.postgres.session import SILENCE_SECONDS
from fixengine.ports.fix import Identity, TakenSession
from tests.support.fix.works import IDENTITY, gateway, on, sent, taken, work
from tests.support.network.proxy import Flow
from tests.support.rows import change, one, opened, through_a_proxy, wait_until_blocked

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def other(pool: Database) -> Iterator[PostgresFixSessions]:
    with gateway(pool) as other:
        yield other


def backend(sessions: PostgresFixSessions) -> int:
    return on(sessions).info.backend_pid


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
    session = taken(sessions)
    seen = "select owner = 'test' and seen_at > now() - interval '1 minute' from fix_session"
    assert one(database, seen)
    change(database, "update fix_session set seen_at = null")
    sessions.release(session.id)
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
        # the client begins anew, too
        sessions.commit([work(session, generation=session.generation + 1, next_in=2)])
    assert generations == [2, 3, 4]


def test_after_the_end_of_a_day_numbers_begin_anew_until_the_client_does_so_too(
    sessions: PostgresFixSessions,
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_in=5, next_out=7)])
    ended = datetime.now(UTC) + timedelta(hours=1)
    for generation in (2, 3):  # the client goes on with 5, and refuses our number 1
        again = sessions.take(IDENTITY, began_since=ended)
        assert again is not None
        assert (again.generation, again.next_in, again.next_out) == (generation, 1, 1)
        sessions.commit([work(again, next_in=1, next_out=3)])
    assert again is not None
    sessions.commit([work(again, next_in=2, next_out=3)])
    last = sessions.take(IDENTITY, began_since=ended)
    assert last is not None
    assert (last.generation, last.next_in, last.next_out) == (3, 2, 3)


def test_a_generation_that_an_operator_ends_is_over_once(
    database: str, sessions: PostgresFixSessions
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_in=5, next_out=7)])
    with open_session(database, application_name="operator") as operator:
        assert begin_anew(operator, IDENTITY.peer) == (Marked(IDENTITY, is_held=True),)
    sessions.commit([work(session, next_in=6, next_out=8)])  # it is logged on still
    again = sessions.take(IDENTITY, began_since=LONG_AGO)
    assert again == TakenSession(id=session.id, epoch=2, generation=2, next_in=1, next_out=1)
    sessions.commit([work(again, next_in=2, next_out=2)])
    assert taken(sessions).generation == 2


def test_an_operator_resets_one_client_or_all_and_hears_whose_sessions_those_are(
    database: str, sessions: PostgresFixSessions
) -> None:
    other = Identity(b"FIX.4.2", IDENTITY.own, b"OMS2")
    session = sessions.take(other, began_since=None)
    assert session is not None
    sessions.release(session.id)
    taken(sessions)
    with open_session(database, application_name="operator") as operator:
        assert begin_anew(operator, b"NOBODY") == ()
        assert begin_anew(operator, b"OMS2") == (Marked(other, is_held=False),)
        assert set(begin_anew(operator, None)) == {
            Marked(other, is_held=False),
            Marked(IDENTITY, is_held=True),
        }
    assert one(database, "select count(*) from fix_session where reset_wanted") == 2


def test_an_operator_who_wants_new_numbers_wants_them_until_the_client_has_begun_anew(
    database: str, sessions: PostgresFixSessions
) -> None:
    session = taken(sessions)
    sessions.commit([work(session, next_in=5, next_out=7)])
    change(database, "update fix_session set reset_wanted = true")
    sessions.commit([work(session, next_in=6, next_out=8)])  # of before
    for generation in (2, 3):  # our Logon and our ResendRequest are not what the client expects
        again = taken(sessions)
        assert (again.generation, again.next_in, again.next_out) == (generation, 1, 1)
        sessions.commit([work(again, next_in=1, next_out=3)])
    sessions.commit([work(again, next_in=2, next_out=3)])
    last = taken(sessions)
    assert (last.generation, last.next_in, last.next_out) == (3, 2, 3)


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


def test_a_session_that_was_let_go_and_taken_again_is_locked_again(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    sessions.release(taken(sessions).id)
    sessions.release(taken(sessions).id)
    taken(sessions)
    assert other.take(IDENTITY, began_since=None) is None


def test_a_session_that_was_lost_and_taken_again_is_locked_again(
    database: str, sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    taken(sessions)
    change(database, f"select pg_terminate_backend({backend(sessions)})")
    with pytest.raises(UnavailableError):
        sessions.wanted()
    sessions.open()
    take_in_time(sessions)
    assert other.take(IDENTITY, began_since=None) is None


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


def test_a_gateway_that_says_nothing_for_a_while_loses_its_sessions(
    pool: Database, other: PostgresFixSessions
) -> None:
    frozen = PostgresFixSessions(pool, first_fill_delay=0)
    frozen.open()
    session = taken(frozen)
    assert on(frozen).execute("show idle_session_timeout").fetchone() == (f"{SILENCE_SECONDS}s",)
    on(frozen).execute("set idle_session_timeout = '100ms'")
    new = take_in_time(other)
    with pytest.raises(UnavailableError):
        frozen.commit([work(session, next_in=9)])
    assert (new.epoch, new.next_in) == (session.epoch + 1, 1)
    frozen.close()


def test_a_gateway_that_connects_again_ends_its_connection_before(
    sessions: PostgresFixSessions,
) -> None:
    """The server may not have noticed that it is gone."""
    session = taken(sessions)
    ghost, sessions._connection = on(sessions), None
    sessions.close()
    sessions.open()
    assert take_in_time(sessions).epoch == session.epoch + 1
    ghost.close()


def test_a_gateway_that_connects_again_leaves_others_of_its_name_alone(
    database: str, sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    session = taken(other)
    change(database, f"select pg_terminate_backend({backend(sessions)})")
    with pytest.raises(UnavailableError):
        sessions.wanted()
    sessions.open()
    assert other.commit([work(session)]) == {session.id}


def test_closing_lets_all_sessions_go_and_may_be_done_twice(
    sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    taken(sessions)
    sessions.close()
    sessions.close()
    assert take_in_time(other).epoch == 2


def test_without_a_connection_nothing_can_be_taken(pool: Database) -> None:
    sessions = PostgresFixSessions(pool, first_fill_delay=0)
    with pytest.raises(UnavailableError):
        sessions.take(IDENTITY, began_since=None)
    sessions.release(1)
    sessions.close()


def test_work_is_stored_though_somebody_wants_the_session_meanwhile(
    database: str, sessions: PostgresFixSessions
) -> None:
    """Another gateway writes to the same row, and may be first."""
    session = taken(sessions)
    with ThreadPoolExecutor() as threads, psycopg.connect(database) as another:
        another.execute("update fix_session set wanted_at = now()")
        committing = threads.submit(sessions.commit, [work(session, next_in=5, sent=(sent(1),))])
        wait_until_blocked(database, "-- What reads of sessions%")
        another.commit()
        assert committing.result(60) == {session.id}
    assert sessions.wanted() == {session.id}
    assert taken(sessions).next_in == 5


def test_work_that_waits_while_another_takes_the_session_is_not_stored(
    database: str, sessions: PostgresFixSessions, books: PostgresFixBooks
) -> None:
    session = taken(sessions)
    with ThreadPoolExecutor() as threads, psycopg.connect(database) as another:
        another.execute("update fix_session set epoch = epoch + 1")
        committing = threads.submit(sessions.commit, [work(session, next_in=5, sent=(sent(1),))])
        wait_until_blocked(database, "-- What reads of sessions%")
        another.commit()
        assert committing.result(60) == frozenset()
    assert books.sent(session, 1, 9) == []
    assert one(database, "select next_in from fix_session") == 1


def test_two_gateways_that_meet_a_new_client_make_one_session(
    pool: Database, sessions: PostgresFixSessions, other: PostgresFixSessions
) -> None:
    with ThreadPoolExecutor() as threads:
        for number in range(20):
            identity = IDENTITY._replace(peer=b"%d" % number)
            tries = [
                threads.submit(each.take, identity, began_since=None) for each in (sessions, other)
            ]
            found = [each.result(60) for each in tries]
            assert sum(each is not None for each in found) == 1


@pytest.mark.parametrize("is_stored", [False, True])
def test_who_does_not_hear_whether_its_work_is_stored_reads_it_when_it_begins_anew(
    database: str, postgres: Postgres, workspace: Workspace, is_stored: bool
) -> None:
    with (
        through_a_proxy(database, postgres, workspace) as (proxy, dsn),
        opened(dsn) as pool,
        gateway(pool) as sessions,
        ThreadPoolExecutor() as threads,
    ):
        session = taken(sessions)
        sessions.commit([])  # prepares the statement
        pid = backend(sessions)
        with psycopg.connect(database) as holder:
            holder.execute("lock table fix_sent in share mode")
            committing = threads.submit(
                sessions.commit, [work(session, next_in=5, next_out=2, sent=(sent(1),))]
            )
            wait_until_blocked(database, "-- What reads of sessions%")
            proxy.set(Flow.MUTE)
            if not is_stored:
                change(database, f"select pg_terminate_backend({pid})")
        ended = (
            f"select not exists (select from pg_stat_activity where pid = {pid} "
            "and state = 'active')"
        )
        wait_until(lambda: one(database, ended), 60, "the statement to end")
        proxy.set(Flow.CUT)
        with pytest.raises(UnavailableError):
            committing.result(60)
        proxy.set(Flow.OPEN)
        sessions.open()
        again = take_in_time(sessions)
        assert (again.next_in, again.next_out) == ((5, 2) if is_stored else (1, 1))
        assert len(PostgresFixBooks(pool).sent(again, 1, 9)) == is_stored
