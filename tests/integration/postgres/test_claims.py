from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import median
from threading import Barrier

import psycopg
import pytest
from msgspec.structs import replace

from fixengine.demo.waiting import wait_until
from fixengine.errors import RejectedError, SchemaError, SlowQueryError, UnavailableError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.session import LOCK_CLASS, SILENCE_SECONDS
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Claim, TakeOver
from fixengine.rules.claim_window import SWEEP_EVERY, ClaimWindow
from fixengine.rules.fills import FillRules, evaluate
from fixengine.rules.values import Execution, Fill, Postponed
from tests.support.clocks import Clock
from tests.support.rows import (
    PATIENCE,
    change,
    fill_with_orders,
    mark_published,
    new_claims,
    one,
    opened,
    outbox_of,
    refusing,
    session,
)

EAGER = FillRules(delay_min=0, delay_max=0)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LATER = FillRules(delay_min=3600, delay_max=3600)


def filled(claim: Claim, rules: FillRules = EAGER, price: str = "43.25") -> tuple[Fill, ...]:
    return tuple(
        evaluate(execution, price=Decimal(price), now=claim.now, rng=Random(1), rules=rules)
        for execution in claim.executions
    )


def no_sweep() -> ClaimWindow:
    """Return a window of claims that look forward, all but the first."""
    return ClaimWindow(clock=lambda: 0.0)


def ids(executions: tuple[Execution, ...]) -> set[int]:
    return {execution.id for execution in executions}


def test_two_sessions_never_claim_one_row(database: str) -> None:
    with opened(database) as pool, session(pool) as one_, session(pool) as other:
        fill_with_orders(pool, range(1, 101))
        first, second = one_.claim(60), other.claim(60)
        assert len(first.executions) == 60
        assert len(second.executions) == 40
        assert ids(first.executions).isdisjoint(ids(second.executions))


def test_many_engines_together_fill_each_unit_once(database: str) -> None:
    """Eager claims of few rows by many sessions, until nothing is left."""
    start = Barrier(4)

    def work(pool: Database) -> None:
        with session(pool) as claims:
            start.wait()
            while one(database, "select exists (select from execution where is_open)"):
                claim = claims.claim(7)
                claims.store(filled(claim), ())
                mine = [(e.id, e.number_of_fills + 1) for e in claim.executions]
                mark_published(pool, claims, mine)

    with opened(database) as pool, ThreadPoolExecutor(4) as threads:
        fill_with_orders(pool, range(1, 201), quantity=Decimal(5000))
        for thread in [threads.submit(work, pool) for _ in range(4)]:
            thread.result(60)
    assert one(database, "select count(*) from fill") > 200
    wrong = """
        select count(*) from execution as e
        where quantity_filled <> quantity_ordered
            or quantity_filled <> (select sum(quantity) from fill where execution_id = e.id)
            or number_of_fills <> (select count(*) from fill where execution_id = e.id)
            or version <> number_of_fills + 1
    """
    assert one(database, wrong) == 0


def test_the_longest_due_comes_first(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute(
                "update execution set next_fill_timestamp = now() - id * interval '1 minute'"
            )
        assert [execution.id for execution in claims.claim(2).executions] == [3, 2]


def test_rows_of_a_killed_session_are_free_at_once(database: str) -> None:
    with opened(database) as pool, session(pool) as dead, session(pool) as heir:
        fill_with_orders(pool, range(1, 11))
        assert len(dead.claim(10).executions) == 10
        assert not heir.claim(10).executions
        with pool.connection() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where state = "
                "'idle in transaction'"
            )
        wait_until(lambda: len(heir.claim(10).executions) == 10, 60, "the rows to be free")
        with pytest.raises(UnavailableError):
            dead.store((), ())


def test_a_session_that_broke_comes_back_under_another_number(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2))
        owner = claims.session.owner
        with pool.connection() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where pid <> pg_backend_pid() and datname = current_database()"
            )
        with pytest.raises(UnavailableError):
            claims.claim(1)
        assert len(claims.claim(1).executions) == 1
        assert claims.session.owner != owner


def test_a_sweep_that_broke_off_is_made_up_for_at_once(database: str) -> None:
    clock = Clock()
    with opened(database) as pool, session(pool, ClaimWindow(clock)) as claims:
        assert not claims.claim(1).executions  # from here on claims look forward
        clock.now += SWEEP_EVERY
        fill_with_orders(pool, range(1, 2))
        with pool.connection() as connection:
            connection.execute("update execution set next_fill_timestamp = now() - interval '1 h'")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where pid <> pg_backend_pid() and datname = current_database()"
            )
        with pytest.raises(UnavailableError):
            claims.claim(1)
        assert len(claims.claim(1).executions) == 1


def test_a_ghost_of_the_own_session_does_not_keep_its_rows(database: str) -> None:
    """The server still holds a connection that its client has lost."""
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 4))
        ghost, revenant = new_claims(pool), new_claims(pool)
        assert len(ghost.claim(3).executions) == 3
        revenant.session._earlier = [ghost.session.owner]
        revenant.open()
        wait_until(lambda: len(revenant.claim(3).executions) == 3, 60, "the rows to be free")
        ghost.close()
        revenant.close()


def test_a_session_that_falls_silent_is_ended_by_the_server(database: str) -> None:
    with opened(database) as pool, closing(new_claims(pool)) as claims:
        claims.open()
        assert claims.session._connection is not None
        row = claims.session._connection.execute("show idle_session_timeout").fetchone()
        assert row == (f"{SILENCE_SECONDS}s",)
        claims.session._connection.execute("set idle_session_timeout = '100ms'")
        alive = "select count(*) from pg_stat_activity where pid = "
        alive += str(claims.session._connection.info.backend_pid)
        wait_until(lambda: one(database, alive) == 0, 60, "the server to end the session")
        claims.check()
        assert claims.claim(1).executions == ()


def test_nothing_due_leaves_no_transaction_open(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        claim = claims.claim(10)
        assert claim.executions == ()
        assert claim.next_due_in is None
        idle = "select count(*) from pg_stat_activity where state like 'idle in trans%'"
        assert one(database, idle) == 0


def test_the_claim_tells_when_the_next_falls_due(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2))
        claim = claims.claim(1)
        later = claim.now + timedelta(seconds=40)
        claims.store((), [Postponed(1, claim.executions[0].version, later)])
        waiting = claims.claim(1)
        assert waiting.executions == ()
        assert waiting.next_due_in == pytest.approx(40, abs=5)


def test_a_fill_moves_execution_ledger_and_outbox_together(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        claim = claims.claim(2)
        stored = claims.store(filled(claim), ())
        assert stored == ids(claim.executions)
        page = outbox_of(pool, claims).unpublished(after=0, limit=10, older_than=0)
        assert [fill.execution.id for fill in page.fills] == [1, 2]
        assert one(database, "select count(*) from execution where is_open") == 0


def test_what_is_not_announced_stays_out_of_the_outbox(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2), limit_price=Decimal(1))
        claims.store(filled(claims.claim(1)), ())
        assert one(database, "select count(*) from fill where not announced") == 1
        assert one(database, "select count(*) from outbox") == 0
        assert one(database, "select execution_status from execution") == "WORK"


def test_an_unpublished_fill_holds_its_execution_back(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2), quantity=Decimal(10**6))
        claims.store(filled(claims.claim(1)), ())
        assert not claims.claim(1).executions
        mark_published(pool, claims, [(1, 1)])
        assert len(claims.claim(1).executions) == 1


def test_a_row_that_another_program_changed_is_left_alone(database: str) -> None:
    """A program that ignores locks, as a session under the same lock can."""
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        claim = claims.claim(2)
        connection = claims.session._connection
        assert connection is not None
        connection.execute("update execution set version = version + 1 where id = 1")
        assert claims.store(filled(claim), ()) == {2}
        assert one(database, "select count(*) from fill") == 1


def test_a_fill_of_another_version_of_the_row_is_left_alone(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        one_of_them, other = filled(claims.claim(2))
        after = replace(one_of_them.execution, version=one_of_them.execution.version + 1)
        stored = claims.store([replace(one_of_them, execution=after), other], ())
        assert stored == {other.execution.id}


def test_what_another_engine_filled_after_it_was_read_is_not_put_off(database: str) -> None:
    """As when a fill was refused, and the rollback has freed the row."""
    with opened(database) as pool, session(pool) as claims, session(pool) as other:
        fill_with_orders(pool, range(1, 2), quantity=Decimal(10**6))
        read = claims.claim(1)
        claims.abandon()
        fills = filled(other.claim(1), LATER)
        assert other.store(fills, ()) == {1}
        claims.store((), [Postponed(1, read.executions[0].version, read.now)])
        due = one(database, "select next_fill_timestamp from execution")
        assert due == fills[0].execution.next_fill_timestamp


def test_a_fill_is_not_stored_while_the_one_before_it_is_unpublished(database: str) -> None:
    """A claim whose snapshot is older than another session's fill can lock that fill's row."""
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        claim = claims.claim(2)
        with pool.connection() as connection:
            connection.execute("insert into outbox values (1, 1, 0)")
        assert claims.store(filled(claim), ()) == {2}
        assert one(database, "select count(*) from fill") == 1


def test_a_value_that_the_table_refuses_stores_nothing_and_frees_the_rows(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        with pool.connection() as connection:
            connection.execute("alter table fill add constraint odd check (execution_id <> 2)")
        owner = claims.session.owner
        with pytest.raises(RejectedError):
            claims.store(filled(claims.claim(2)), ())
        assert one(database, "select count(*) from fill") == 0
        assert len(claims.claim(2).executions) == 2
        assert claims.session.owner == owner


def test_a_row_that_cannot_even_be_put_off_stops_no_other(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4))
        change(database, refusing("update on execution", "not this one", when="old.id = 1"))
        fills = filled(claims.claim(3))
        with pytest.raises(RejectedError):
            claims.store(fills, ())
        assert {*claims.store_apart(fills, (), within=60).refused} == {1}
        claims.put_off({1}, within=60)
        assert not claims.claim(10).executions
    assert one(database, "select next_fill_timestamp <= now() from execution where id = 1")


def test_what_could_not_be_priced_is_refused_one_by_one_too(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4))
        change(database, refusing("update on execution", "not this one", when="old.id = 1"))
        claim = claims.claim(3)
        later = claim.now + timedelta(hours=1)
        postponed = [Postponed(each.id, each.version, later) for each in claim.executions]
        with pytest.raises(RejectedError):
            claims.store((), postponed)
        assert {*claims.store_apart((), postponed, within=60).refused} == {1}
        assert [each.id for each in claims.claim(3).executions] == [1]


@pytest.mark.parametrize("timing", ["", "deferrable initially deferred"])
def test_of_fills_that_are_refused_together_all_others_are_stored_once(
    database: str, timing: str
) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 101))
        change(
            database,
            "create function odd() returns trigger language plpgsql as $$ begin "
            "if new.execution_id % 3 = 0 then raise exception 'no threes'; end if; return new; "
            "end $$",
            f"create constraint trigger odd after insert on fill {timing} "
            "for each row execute function odd()",
        )
        fills = filled(claims.claim(100))
        with pytest.raises(RejectedError):
            claims.store(fills, ())
        tried = claims.store_apart(fills, (), within=60)
        again = claims.store_apart(fills, (), within=60)
    threes = set(range(3, 100, 3))
    assert ({*tried.refused}, tried.left, tried.changed) == (threes, 0, 0)
    assert tried.ids == {*range(1, 101)} - threes
    assert not again.ids
    counts = [one(database, f"select count(*) from {table}") for table in ("fill", "outbox")]
    assert counts == [67, 67]
    assert one(database, "select count(*) from execution where number_of_fills = 1") == 67


def test_what_others_have_claimed_since_it_was_refused_is_left_to_them(database: str) -> None:
    with opened(database) as pool, session(pool) as claims, session(pool) as other:
        fill_with_orders(pool, range(1, 4))
        fills = filled(claims.claim(3))
        claims.abandon()
        theirs = filled(other.claim(1))
        tried = claims.store_apart(fills, (), within=60)
        assert tried.ids == {1, 2, 3} - {theirs[0].execution.id}
        assert (tried.refused, tried.changed, tried.left) == ({}, 0, 0)
        assert other.store(theirs, ()) == {theirs[0].execution.id}


def test_where_the_schema_is_at_fault_for_one_fill_none_is_stored(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 5))
        change(
            database,
            "create unique index odd on outbox ((1)) where execution_id > 2",
            refusing("insert on fill", "not this one", when="new.execution_id = 1"),
        )
        with pytest.raises(SchemaError, match="odd takes no second row"):
            claims.store_apart(filled(claims.claim(4)), (), within=60)
        assert one(database, "select count(*) from fill") == 0
        change(database, "drop index odd")
        assert {*claims.store_apart(filled(claims.claim(4)), (), within=60).ids} == {2, 3, 4}


def test_what_there_is_no_time_for_is_due_as_before(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 5))
        fills = filled(claims.claim(4))
        claims.abandon()
        assert claims.store_apart(fills, (), within=0).left == 2
        assert len(claims.claim(4).executions) == 2


def test_totals_beyond_the_go_services_columns_are_stored(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2), quantity=Decimal("9999999999.99999999"))
        with pool.connection() as connection:
            connection.execute("update execution set number_of_fills = 32767")
        claim = claims.claim(1)
        whole = Random()
        whole.random = lambda: 0.0  # type: ignore[method-assign]  # the first draw: everything
        fill = evaluate(
            claim.executions[0],
            price=Decimal("9999999999.99999999"),
            now=claim.now,
            rng=whole,
            rules=EAGER,
        )
        assert claims.store([fill], ()) == {1}
    assert one(database, "select total_amount from execution") == Decimal(99999999999999999800)
    assert one(database, "select number_of_fills from execution") == 32768


def test_a_plan_from_when_the_outbox_was_empty_serves_when_it_is_full(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        ours = claims.session.open()

        def fill_all() -> None:
            claim = claims.claim(1000)
            stored = claims.store(filled(claim), ())
            assert len(stored) == len(claim.executions)
            mark_published(pool, claims, [(e.id, e.number_of_fills + 1) for e in claim.executions])

        def entries_read() -> int:
            ours.execute("select pg_stat_force_next_flush()")
            reads = "select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'outbox'"
            return int(one(database, reads) or 0)

        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            for _ in range(12):  # the driver prepares, then the server keeps its plan
                claims.claim(1000)
            connection.execute(
                "insert into outbox select n, 1, 7 from generate_series(100001, 104000) as n"
            )
        fill_with_orders(pool, range(1001, 2001))
        before = entries_read()
        fill_all()
        assert entries_read() - before < 20_000


@pytest.mark.parametrize(
    "oddity",
    [
        "quantity_filled = quantity_ordered + 1",
        "quantity_filled = 'NaN'",
        "quantity_ordered = 'NaN'",
        "limit_price = 'NaN'",
        "total_amount = 'NaN'",
        "received_timestamp = 'infinity'",
        "sent_timestamp = '0044-03-15 BC'",
        "last_fill_timestamp = '12000-01-01'",
        "next_fill_timestamp = '-infinity'",
    ],
)
def test_a_row_that_nobody_can_read_or_fill_stops_no_other(database: str, oddity: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute(f"update execution set {oddity} where id = 1".encode())
        claim = claims.claim(10)
        assert ids(claim.executions) == {2, 3}
        assert claims.store(filled(claim), ()) == {2, 3}


def test_a_session_that_broke_is_mended_by_the_next_check(database: str) -> None:
    with opened(database) as pool, session(pool) as claims, session(pool) as other:
        fill_with_orders(pool, range(1, 2))
        claims.store(filled(claims.claim(1)), ())
        with pool.connection() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks "
                "where locktype = 'advisory' and objid = %s",
                [claims.session.owner],
            )
        outbox, suspects = outbox_of(pool, other), frozenset({claims.session.owner})
        wait_until(
            lambda: outbox.take_over(frozenset()).gone == suspects, 60, "the lock to be free"
        )
        claims.check()
        assert outbox.take_over(suspects) == TakeOver(gone=frozenset(), fills=0, own=False)


def test_a_claim_does_not_read_again_what_nobody_may_clean_up(database: str) -> None:
    """As while a backup runs: each fill leaves dead entries in the index, and they stay."""
    with (
        opened(database) as pool,
        session(pool, no_sweep()) as claims,
        psycopg.connect(database) as backup,
    ):
        ours = claims.session.open()
        backup.execute("set transaction isolation level repeatable read")
        backup.execute("select pg_current_xact_id(), count(*) from execution")

        def entries_read() -> int:
            ours.execute("select pg_stat_force_next_flush()")
            reads = """
                select idx_tup_read from pg_stat_user_indexes
                where indexrelname = 'execution_next_fill_ndx'
            """
            return int(one(database, reads) or 0)

        def fill_a_thousand_more(number: int) -> int:
            """Return how many entries of the index that took."""
            fill_with_orders(pool, range(1000 * number + 1, 1000 * number + 1001))
            backdate = (
                "update execution set next_fill_timestamp = %s where next_fill_timestamp < now()"
            )
            with pool.connection() as connection:
                connection.execute(backdate, [YESTERDAY + timedelta(seconds=number)])
                connection.execute("select pg_stat_force_next_flush()")
            before = entries_read()
            claim = claims.claim(1_000)
            assert len(claim.executions) == 1_000
            claims.store(filled(claim, LATER), ())
            mark_published(pool, claims, [(e.id, e.number_of_fills + 1) for e in claim.executions])
            return entries_read() - before

        took = [fill_a_thousand_more(number) for number in range(20)]
        # a few count what other sessions read, whose statistics came late
        assert median(took) < 3_000, took


def test_a_sweep_takes_nothing_that_is_not_due_when_the_clock_went_back(database: str) -> None:
    clock = Clock()
    window = ClaimWindow(clock)
    window.begin()
    window.end(datetime.now(UTC) + timedelta(hours=1))
    clock.now += SWEEP_EVERY
    with opened(database) as pool, session(pool, window) as claims:
        fill_with_orders(pool, range(1, 3))
        with pool.connection() as connection:
            connection.execute(
                "update execution set next_fill_timestamp = now() + interval '30 min' where id = 1"
            )
        assert ids(claims.claim(2).executions) == {2}
        claims.abandon()
        clock.now += SWEEP_EVERY
        assert ids(claims.claim(2).executions) == {2}


def test_a_check_asks_nothing_after_a_look_at_everything_that_found_nothing(database: str) -> None:
    with opened(database) as pool, session(pool, no_sweep()) as claims:
        claims.claim(1)
        owner = claims.session.owner
        with pool.connection() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks "
                "where locktype = 'advisory' and objid = %s",
                [owner],
            )
        claims.check()
        assert claims.session.owner == owner, "it did not notice"
        claims.check()
        assert claims.session.owner != owner


def test_a_look_at_rest_is_a_sweep_as_well(database: str) -> None:
    clock = Clock()
    with opened(database) as pool, session(pool, ClaimWindow(clock)) as claims:
        claims.claim(3)
        clock.now += SWEEP_EVERY
        at_rest = claims.claim(3)
        assert (at_rest.executions, at_rest.more) == ((), False)
        claims.claim(3)
        fill_with_orders(pool, range(1, 3))
        with pool.connection() as connection:
            connection.execute(
                "update execution set next_fill_timestamp = now() - interval '1 h' where id = 1"
            )
        clock.now += SWEEP_EVERY
        assert ids(claims.claim(3).executions) == {1}
        claims.abandon()
        clock.now += SWEEP_EVERY
        assert ids(claims.claim(3).executions) == {1}


def test_a_sweep_that_finds_nothing_says_that_there_may_be_more_at_the_front(database: str) -> None:
    clock = Clock()
    with opened(database) as pool, session(pool, ClaimWindow(clock)) as claims:
        claims.claim(3)
        clock.now += SWEEP_EVERY
        wait_until(lambda: not claims.claim(3).more, 60, "a sweep to end")
        fill_with_orders(pool, range(1, 4))
        clock.now += SWEEP_EVERY
        sweep = claims.claim(3)
        assert (sweep.executions, sweep.more) == ((), True)
        front = claims.claim(4)
        assert (len(front.executions), front.more) == (3, False)


def test_an_engine_that_starts_beside_what_nobody_may_clean_up_finds_what_is_due(
    database: str,
) -> None:
    """It could not read all of that within its statements' limit."""
    dead_entries = """
        insert into execution (execution_service_id, execution_status, trade_type, destination,
            security_id, ticker, quantity_ordered, received_timestamp, sent_timestamp,
            next_fill_timestamp)
        select -n, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', 'A', 10, now(), now(),
            now() - n * interval '2 ms'
        from generate_series(1, 500000) as n
    """
    clock = Clock()
    with (
        opened(database) as pool,
        session(pool, ClaimWindow(clock)) as claims,
        psycopg.connect(database, autocommit=True) as unlimited,
        psycopg.connect(database) as backup,
    ):
        unlimited.execute(dead_entries)
        backup.execute("set transaction isolation level repeatable read")
        backup.execute("select pg_current_xact_id(), count(*) from execution")
        unlimited.execute("delete from execution")
        fill_with_orders(pool, range(1, 4))
        unlimited.execute(
            "update execution set next_fill_timestamp = now() - interval '1 h' where id % 3 = 0"
        )
        claims.session.open().execute("set statement_timeout = '25ms'")
        with pytest.raises(SlowQueryError):
            claims.claim(3)
        found: set[int] = set()

        def finds_all() -> bool:
            clock.now += 0.2
            try:
                claimed = ids(claims.claim(3).executions)
                later = datetime.now(UTC) + timedelta(hours=1)
                claims.store((), [Postponed(id_, 1, later) for id_ in claimed])
            except SlowQueryError:  # a slice that was too wide, or a machine that is busy
                clock.now += 1
                return False
            found.update(claimed)
            return len(found) == 3

        wait_until(finds_all, PATIENCE, "the old one and the new ones")


def test_marks_and_scans_read_little_of_an_outbox_that_nobody_may_clean_up(database: str) -> None:
    """Also when the statistics say that there is nothing in it."""
    with (
        opened(database) as pool,
        session(pool) as claims,
        psycopg.connect(database, autocommit=True) as connection,
        psycopg.connect(database) as backup,
    ):
        backup.execute("set transaction isolation level repeatable read")
        backup.execute("select pg_current_xact_id(), count(*) from outbox")
        connection.execute("insert into outbox select n, 1, 7 from generate_series(1, 100000) as n")
        connection.execute("delete from outbox")
        connection.execute("analyze outbox")
        parameters = {
            "owner": claims.session.owner,
            "lock_class": LOCK_CLASS,
            "fills": '[{"execution_id": 1, "number": 1}]',
            "after": 0,
            "limit": 2000,
            "older_than": 0,
        }

        def plan(name: str) -> str:
            explain = b"explain (analyze, format text) " + query(name)
            return "\n".join(row[0] for row in connection.execute(explain, parameters))

        marks = plan("mark_published")
        assert "Tid Scan on outbox" in marks, marks
        assert "Index Cond: (execution_id = p.execution_id)" in marks, marks
        scan = plan("unpublished")
        assert "Seq Scan on outbox" in scan, scan


def test_rows_that_were_given_back_are_claimed_again_at_once(database: str) -> None:
    with opened(database) as pool, session(pool, no_sweep()) as claims:
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute(
                "update execution set next_fill_timestamp = now() - interval '1 h' / id"
            )
        assert ids(claims.claim(1).executions) == {1}
        claims.store((), [Postponed(1, 1, datetime.now(UTC) + timedelta(hours=1))])
        assert ids(claims.claim(2).executions) == {2, 3}
        claims.abandon()
        assert ids(claims.claim(2).executions) == {2, 3}
        with pool.connection() as connection:  # and so are those of a session that broke
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where state = "
                "'idle in transaction'"
            )
        with pytest.raises(UnavailableError):
            claims.store((), ())
        wait_until(lambda: ids(claims.claim(3).executions) == {2, 3}, 60, "the rows to be free")


def test_an_execution_that_fell_due_before_its_fill_was_published_is_found_at_once(
    database: str,
) -> None:
    with opened(database) as pool, session(pool, no_sweep()) as claims:
        fill_with_orders(pool, range(1, 3), quantity=Decimal(5000))
        claim = claims.claim(2)
        claims.store(filled(claim), ())
        passed = claim.now + timedelta(seconds=0.3)  # the front is behind by a margin
        wait_until(lambda: claims.claim(2).now > passed, 60, "the front to pass over them")
        fill_with_orders(pool, range(3, 4))
        assert ids(claims.claim(2).executions) == {3}
        claims.abandon()
        mark_published(pool, claims, [(e.id, e.number_of_fills + 1) for e in claim.executions])
        assert ids(claims.claim(3).executions) == {1, 2, 3}


def test_a_mark_says_whether_a_claim_has_missed_something(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 4), quantity=Decimal(10**6))
        claim = claims.claim(3)
        at_once, much_later = filled(claim), filled(claim, LATER)
        claims.store((*at_once[:2], much_later[2]), ())
        assert not claims.claim(3).executions
        first, second, third = [(e.id, 1) for e in claim.executions]
        assert not mark_published(pool, claims, [third])
        assert mark_published(pool, claims, [first])
        assert mark_published(pool, claims, [second])
        assert len(claims.claim(3).executions) == 2
        assert not mark_published(pool, claims, [])


def test_what_another_session_stored_may_have_been_missed_when_it_is_marked(database: str) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 2), quantity=Decimal(10**6))
        claims.store(filled(claims.claim(1)), ())
        claims.close()
        claims.open()
        assert not claims.claim(1).executions
        assert mark_published(pool, claims, [(1, 1)])


def test_marks_of_what_an_earlier_session_stored_let_it_be_found_too(database: str) -> None:
    with opened(database) as pool, session(pool, no_sweep()) as claims:
        fill_with_orders(pool, range(1, 2), quantity=Decimal(5000))
        claim = claims.claim(1)
        claims.store(filled(claim), ())
        claims.close()
        claims.open()
        passed = claim.now + timedelta(seconds=0.3)
        wait_until(lambda: claims.claim(1).now > passed, 60, "the front to pass over it")
        mark_published(pool, claims, [(1, 1)])
        assert ids(claims.claim(1).executions) == {1}


def test_what_is_more_than_a_session_remembers_is_found_too(
    database: str,
) -> None:
    with opened(database) as pool, session(pool, no_sweep(), remembers=2) as claims:
        fill_with_orders(pool, range(1, 7), quantity=Decimal(5000))
        for _ in range(3):
            claim = claims.claim(2)
            claims.store(filled(claim), ())
        assert len(claims.session.awaited) == 2
        passed = claim.now + timedelta(seconds=0.3)
        wait_until(lambda: claims.claim(1).now > passed, 60, "the front to pass over them")
        mark_published(pool, claims, [(e.id, 1) for e in claim.executions])
        assert ids(claims.claim(6).executions) == ids(claim.executions)


def test_rows_that_an_engine_which_died_had_claimed_are_found(database: str) -> None:
    with opened(database) as pool, session(pool) as dead, session(pool) as heir:
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute("update execution set next_fill_timestamp = now() - interval '1 h'")
        assert len(dead.claim(3).executions) == 3
        assert not heir.claim(3).executions
        dead.close()
        wait_until(lambda: len(heir.claim(3).executions) == 3, 60, "a sweep")


def test_rows_that_an_engine_which_is_seen_to_be_gone_had_claimed_are_found_at_once(
    database: str,
) -> None:
    with opened(database) as pool, session(pool) as dead, session(pool, no_sweep()) as heir:
        fill_with_orders(pool, range(1, 4))
        claim = dead.claim(3)
        assert len(claim.executions) == 3
        heir.check()
        passed = claim.now + timedelta(seconds=0.3)  # the front is behind by a margin
        wait_until(lambda: heir.claim(3).now > passed, 60, "the front to pass over them")
        dead.close()

        def finds_them() -> bool:
            heir.check()
            return len(heir.claim(3).executions) == 3

        wait_until(finds_them, 60, "the lock to be free")
