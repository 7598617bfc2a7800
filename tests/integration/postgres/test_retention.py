"""What is kept for a while only goes, and nothing else does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import psycopg
import pytest

from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.retention import PostgresRetention
from fixengine.telemetry.health import HUNG_AFTER
from tests.support.engines import Surroundings
from tests.support.rows import one

pytestmark = pytest.mark.any_broker

EXECUTIONS = """
insert into execution (
    id, execution_service_id, is_open, execution_status, trade_type, destination, security_id,
    ticker, quantity_ordered, received_timestamp, sent_timestamp, next_fill_timestamp
)
select
    n, n, %(open)s, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', 'A', 50,
    now() - %(days)s * interval '1 day', now(), now() + interval '1 hour'
from unnest(%(ids)s::integer[]) as n
"""
LEDGER = """
insert into fill
select n, 1, 50, 1, now(), 50, 50, 2, true from unnest(%s::integer[]) as n
"""
OLD_MESSAGES = """
with session as (
    insert into fix_session (begin_string, own_comp_id, peer_comp_id, generation)
    values ('FIX.4.4', 'US', 'THEM', 2)
    returning id
)
insert into fix_sent
select s.id, 1, n, '8', now() - interval '31 days', ''
from session as s cross join generate_series(1, %s::integer) as n
"""


@pytest.fixture
def retention(database: str) -> Iterator[PostgresRetention]:
    pool = Database(dsn=database, application_name="test", max_connections=2)
    pool.open()
    yield PostgresRetention(pool, days=30)
    pool.close()


def store(dsn: str, *ids: int, days: float, is_open: bool = False) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(EXECUTIONS, {"ids": list(ids), "days": days, "open": is_open})
        connection.execute(LEDGER, [list(ids)])


def number(dsn: str, to: int) -> None:
    """Let the next execution have this number, and store it."""
    with psycopg.connect(dsn) as connection:
        connection.execute("select setval('execution_id_seq', %s)", [to])
    store(dsn, to, days=0)


def ids(dsn: str, table: str = "execution", column: str = "id") -> list[int]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(f"select {column} from {table} order by 1".encode())
        return [row[0] for row in rows]


def parts(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select inhrelid::regclass::text from pg_inherits "
            "where inhparent = 'fill'::regclass order by length(inhrelid::regclass::text), 1"
        )
        return [row[0] for row in rows]


def test_closed_executions_go_when_they_are_old(
    database: str, retention: PostgresRetention
) -> None:
    store(database, 1, 2, days=31)
    store(database, 3, days=31, is_open=True)
    store(database, 4, days=29)
    store(database, 5, days=31)
    with psycopg.connect(database) as connection:
        connection.execute("insert into outbox values (5, 1, 7)")
        connection.execute("insert into execution_trace select 1, 'a' union select 4, 'b'")
        for id_ in (1, 2, 3, 4, 5):
            connection.execute("insert into expiry values (%s, now())", [id_])
            for number in (1, 2):
                connection.execute(
                    "insert into change values (%s, %s, 'REPLACE', 50, 1, 50, 2, %s)",
                    [id_, number, f"key {number}"],
                )
    looked = retention.forget_executions(after=0)
    assert (looked.last, looked.old, looked.executions) == (5, 4, 2)
    assert ids(database) == [3, 4, 5]
    assert ids(database, "execution_trace", "execution_id") == [4]
    assert ids(database, "expiry", "execution_id") == [3, 4, 5]
    assert ids(database, "change", "execution_id") == [3, 3, 4, 4, 5, 5]
    beyond = retention.forget_executions(after=5)
    assert (beyond.last, beyond.old, beyond.executions) == (None, 0, 0)


def test_what_fix_knows_of_an_execution_goes_with_it(
    database: str, retention: PostgresRetention
) -> None:
    store(database, 1, days=31)
    store(database, 2, days=29)
    with psycopg.connect(database) as connection:
        for id_ in (1, 2):
            connection.execute(
                "insert into fix_order values (%s, 6, 'a', null, null, '1', '1', '1')", [id_]
            )
            for kind in ("NEW", "REPLACE", "CANCEL"):
                connection.execute(
                    "insert into fix_request values (6, %s, %s, %s, 'DONE', 1, null, now())",
                    [f"{kind} {id_}".encode(), id_, kind],
                )
    assert retention.forget_executions(after=0).executions == 1
    assert ids(database, "fix_order", "execution_id") == [2]
    assert ids(database, "fix_request", "execution_id") == [2, 2, 2]


def test_an_execution_stays_until_its_client_was_told_all_of_it(
    database: str, retention: PostgresRetention
) -> None:
    store(database, 1, days=31)
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into fix_pending (session_id, execution_id, number) values (6, 1, 1)"
        )
    assert retention.forget_executions(after=0).executions == 0
    with psycopg.connect(database) as connection:
        connection.execute("delete from fix_pending")
    assert retention.forget_executions(after=0).executions == 1


def test_messages_go_when_they_are_old_and_their_generation_has_ended(
    database: str, retention: PostgresRetention
) -> None:
    with psycopg.connect(database) as connection:
        for id_, generation in ((1, 3), (2, 1)):
            connection.execute(
                "insert into fix_session (id, begin_string, own_comp_id, peer_comp_id, generation) "
                "overriding system value values (%s, 'FIX.4.4', 'US', %s, %s)",
                [id_, f"CLIENT {id_}".encode(), generation],
            )
            for sent_in, days in ((1, 60), (2, 31), (2, 29), (3, 31)):
                connection.execute(
                    "insert into fix_sent values "
                    "(%s, %s, %s, '8', now() - %s * interval '1 day', '')",
                    [id_, sent_in, days, days],
                )
    assert retention.forget_messages() == 2
    assert retention.forget_messages() == 0
    left = "fix_sent where session_id = 1"
    assert ids(database, left, "seq") == [29, 31]
    assert ids(database, left.replace("1", "2"), "seq") == [29, 31, 31, 60]


def test_of_many_old_messages_some_go_at_a_time(
    database: str, retention: PostgresRetention
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(OLD_MESSAGES, [250])
    assert [retention.forget_messages() for _ in range(3)] == [200, 50, 0]


def test_old_requests_go_that_no_order_came_of(database: str, retention: PostgresRetention) -> None:
    with psycopg.connect(database) as connection:
        for name, days, execution in (("old", 31, None), ("young", 29, None), ("of one", 31, 5)):
            connection.execute(
                "insert into fix_request values "
                "(6, %s, %s, 'NEW', 'REFUSED', 1, null, now() - %s * interval '1 day')",
                [name.encode(), execution, days],
            )
    assert retention.forget_messages() == 1
    assert ids(database, "fix_request", "convert_from(cl_ord_id, 'UTF8')") == ["of one", "young"]


def test_the_ledger_grows_by_parts_and_loses_those_that_nobody_needs(
    database: str, retention: PostgresRetention
) -> None:
    assert parts(database) == ["fill_0"]
    store(database, 1, 2, days=31)
    assert parts(database) == ["fill_0", "fill_1000000"]
    number(database, 1_000_001)
    assert parts(database) == ["fill_0", "fill_1000000", "fill_2000000"]
    assert retention.drop_parts() == ()
    retention.forget_executions(after=0)
    assert retention.drop_parts() == ("fill_0",)
    assert ids(database, "fill", "execution_id") == [1_000_001]
    number(database, 5_500_001)
    assert parts(database) == [f"fill_{n}000000" for n in (1, 2, 5, 6)]
    assert retention.drop_parts() == ("fill_2000000",)


def test_numbers_that_are_set_far_ahead_need_two_parts_and_not_all_between(database: str) -> None:
    store(database, 1, days=0)
    number(database, 2_000_500_000)
    store(database, 2_000_500_001, days=0)
    assert parts(database) == [f"fill_{n * 10**6}" for n in (0, 1, 2000, 2001)]


def test_what_others_store_below_a_part_that_was_just_begun_has_its_part(database: str) -> None:
    number(database, 7_000_001)
    store(database, 6_999_999, days=0)
    assert parts(database) == [f"fill_{n * 10**6}" for n in (0, 6, 7, 8)]


def test_what_one_statement_stores_has_parts_for_all_of_it(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("alter sequence execution_id_seq restart 5000000 increment 700000")
        connection.execute(
            "insert into execution (execution_service_id, execution_status, trade_type, "
            "destination, security_id, ticker, quantity_ordered, received_timestamp, "
            "sent_timestamp) select n, 'WORK', 'BUY', 'ML', '', '', 1, now(), now() "
            "from generate_series(1, 5) as n"
        )
    assert ids(database) == [5_000_000, 5_700_000, 6_400_000, 7_100_000, 7_800_000]
    assert parts(database) == [f"fill_{n * 10**6}" for n in (0, 5, 6, 7, 8)]


def test_engines_that_need_a_part_at_the_same_time_make_it_once(database: str) -> None:
    with psycopg.connect(database) as first, ThreadPoolExecutor(1) as others:
        first.execute(EXECUTIONS, {"ids": [1], "days": 0, "open": False})
        second = others.submit(store, database, 2, days=0)
        waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        wait_until(lambda: one(database, waits), 60, "the second engine to wait for the first")
        first.commit()
        second.result(60)
    assert parts(database) == ["fill_0", "fill_1000000"]


def test_the_last_executions_there_can_be_have_their_part(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "create table fill_2146000000 partition of fill "
            "for values from (2146000000) to (2147000000)"
        )
    number(database, 2**31 - 1)
    assert parts(database)[-1] == "fill_2147000000"
    assert ids(database, "fill", "execution_id") == [2**31 - 1]


def test_one_engine_at_a_time_deletes(database: str, retention: PostgresRetention) -> None:
    with psycopg.connect(database) as other:
        other.execute("select pg_advisory_xact_lock(x'66697866'::integer)")
        with pytest.raises(UnavailableError, match="another engine"):
            retention.forget_executions(after=0)
        with pytest.raises(UnavailableError, match="another engine"):
            retention.drop_parts()


def test_dropping_waits_for_no_fill_that_is_being_stored(
    database: str, retention: PostgresRetention
) -> None:
    number(database, 1_000_001)
    with psycopg.connect(database) as other:
        other.execute("insert into fill values (1000002, 1, 50, 1, now(), 50, 50, 2, true)")
        with pytest.raises(UnavailableError):
            retention.drop_parts()
    assert "fill_0" in parts(database)


@pytest.mark.parametrize("days", ["30", None])
def test_an_engine_with_a_retention_deletes_by_itself(
    around: Surroundings, days: str | None
) -> None:
    store(around.dsn, *range(500_000, 503_000), days=31)
    with psycopg.connect(around.dsn) as connection:
        connection.execute(OLD_MESSAGES, [500])
    fed = tuple(islice(orders(seed=4), 10))
    settings = {} if days is None else {"RETENTION_DAYS": days}
    with around.engine("engine", hung_after=HUNG_AFTER, **settings) as engine:
        around.send(*fed)
        if days is not None:
            around.wait_for("execution where execution_service_id >= 500000", 0)
            around.wait_for("fix_sent", 0)
        around.wait_for("execution where execution_service_id < 500000 and not is_open", 10)
        deleted = engine.registry.get_sample_value("fixengine_executions_deleted_total")
    assert deleted == (0 if days is None else 3000)
    assert around.count("execution where execution_service_id >= 500000") == 3000 - deleted
    assert around.count("fix_sent") == (500 if days is None else 0)
