"""What a statement reads depends on what it has to do, not on what the statistics believe.

Each is carried out beside 100,000 closed executions and 20,000 open ones, with statistics of
another time, and the rows that it looks at are counted.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from random import Random

import psycopg
import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.infra.postgres.session import LOCK_CLASS
from fixengine.ports.queries import ExecutionQuery, LedgerQuery
from fixengine.rules.claim_window import EARLIEST, ClaimWindow
from fixengine.rules.fills import FillRules, evaluate
from tests.conftest import new_database
from tests.support.postgres.plans import carried_out
from tests.support.rows import SECURITY, fill_with_orders, mark_published, one, opened, session

CLOSED = 100_000  # ids 1 to …
OPEN = 20_000  # … and those above
OUTBOX = 5_000
DEAD = 100_000
BATCH = 500
NEWEST = CLOSED + OPEN
ANCESTOR, HOLDER = 7, 5  # an engine that is gone, and one that holds its lock
HELD = 200
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FIX_TABLES = ("fix_order", "fix_request", "fix_sent", "fix_pending")
TABLES = ("execution", "execution_trace", "change", "expiry", *FIX_TABLES)
LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

_EXECUTIONS = f"""
insert into execution (id, execution_service_id, is_open, execution_status, trade_type, destination,
    security_id, ticker, quantity_ordered, received_timestamp, sent_timestamp, last_fill_timestamp,
    quantity_filled, next_fill_timestamp, number_of_fills)
select
    n, case when n %% 10 = 0 then -n else n end, open,
    case when open then 'WORK' else 'FULL' end, 'BUY', 'ML',
    '{SECURITY}', 'T' || n %% 505, 10, now() - interval '40 days', now() - interval '40 days',
    case when not open then now() - interval '1 hour' end, case when open then 0 else 10 end,
    case when open then now() - interval '1 hour' + n * interval '1 ms' end,
    case when open then 0 else 1 end
from (select n, n > {CLOSED} as open from generate_series(%s::integer, %s::integer) as n) as each
"""
_FILLS = f"""
insert into fill
select n, 1, 10, 100, now(), 10, 1000, 2, true from generate_series(1, {CLOSED}) as n
"""
_CHANGES = f"""
insert into change
select n, 1, 'REPLACE', 10, null, 10, null, 'key ' || n from generate_series(1, {CLOSED}) as n
"""
_EXPIRIES = "insert into expiry select n, now() from generate_series(%s::integer, %s) as n"
_TRACES = "insert into execution_trace select n, %s from generate_series(%s::integer, %s) as n"
_BY_FIX = "from generate_series(%s::integer, %s) as n where n %% 10 = 0"
_FIX = tuple(
    f"insert into {into} {_BY_FIX}"
    for into in (
        "fix_order select n, n / 10 %% 3 + 1, n::text::bytea, null, null, '1', '1', '1'",
        "fix_request select 1, n::text::bytea, n, 'NEW', 'DONE', 10, null, now()",
        """
        fix_request
        select 2, n::text::bytea, null, 'NEW', 'REFUSED', 10, null, now() - interval '40 days'
        """,
        """
        fix_sent
        select n / 10 %% 3 + 1, 1, n, '8', now() - interval '40 days', '', n, 0
        """,
    )
)
_SESSIONS = """
insert into fix_session (begin_string, own_comp_id, peer_comp_id, generation)
select 'FIX.4.4', 'US', n::text::bytea, 2 from generate_series(1, 3) as n
"""
_PENDING = f"""
insert into fix_pending (session_id, execution_id, number)
select 1, n, 1 from generate_series({CLOSED - OUTBOX}, {CLOSED}) as n
"""
_OUTBOX = f"""
insert into outbox
select {CLOSED} - n, 1, case when n < {HELD} then {HOLDER} else {ANCESTOR} end, now()
from generate_series(0, {OUTBOX - 1}) as n
"""


class Building:
    """Fills a database, and takes its statistics when it is told to."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute("select add_fill_parts(2000000)")
        connection.execute("select setval('execution_id_seq', 2000000)")
        parts = connection.execute("select inhrelid::regclass::text from pg_inherits").fetchall()
        for table in (*TABLES, "outbox", *(part for (part,) in parts)):
            if table.endswith("_pkey"):  # the parts of the ledger's index
                continue
            connection.execute(f"alter table {table} set (autovacuum_enabled = off)".encode())
        connection.execute(_SESSIONS)

    def closed(self) -> None:
        self._executions(1, CLOSED)
        self._connection.execute(_FILLS)
        self._connection.execute(_CHANGES)

    def open(self) -> None:
        self._executions(CLOSED + 1, NEWEST)

    def unpublished(self) -> None:
        self._connection.execute(_OUTBOX)
        self._connection.execute(_PENDING)

    def analyze(self) -> None:
        self._connection.execute("vacuum analyze")

    def measure(self) -> None:
        """Let the server know how large tables are, and nothing of what is in them."""
        self._connection.execute("vacuum")

    def deleted(self) -> None:
        """Leave dead rows in all tables, under numbers that nobody else has."""
        self._executions(-CLOSED, -1)
        self._connection.execute(_FILLS)
        self._connection.execute(_CHANGES)
        self.published()
        for table in (*TABLES, "fill"):
            self._connection.execute(f"delete from {table}".encode())

    def published(self) -> None:
        """Leave dead rows in the outbox."""
        self._connection.execute(
            "insert into outbox select n, 1, 1, now() from generate_series(200001, %s) as n",
            [200_000 + DEAD],
        )
        self._connection.execute("delete from outbox")
        self._connection.execute(_PENDING)
        self._connection.execute("delete from fix_pending")

    def _executions(self, first: int, last: int) -> None:
        self._connection.execute(_EXECUTIONS, [first, last])
        self._connection.execute(_TRACES, [TRACE, first, last])
        self._connection.execute(_EXPIRIES, [first, last])
        for statement in _FIX:
            self._connection.execute(statement.encode(), [first, last])


def nothing_open(build: Building) -> None:
    build.closed()
    build.analyze()
    build.open()
    build.unpublished()


def everything_open(build: Building) -> None:
    build.open()
    build.unpublished()
    build.analyze()
    build.closed()


def never_analyzed(build: Building) -> None:
    build.closed()
    build.open()
    build.unpublished()


def restored(build: Building) -> None:
    never_analyzed(build)
    build.measure()


def nothing_at_all(build: Building) -> None:
    """As when all was deleted, and nobody may clean up."""
    build.deleted()
    build.analyze()
    never_analyzed(build)


def empty_outbox(build: Building) -> None:
    """As it is again and again, and nobody may clean up."""
    build.closed()
    build.published()
    build.analyze()
    build.open()
    build.unpublished()


STATISTICS: tuple[Callable[[Building], None], ...] = (
    nothing_open,
    everything_open,
    never_analyzed,
    restored,
    nothing_at_all,
    empty_outbox,
)


@pytest.fixture(scope="module", params=STATISTICS, ids=lambda build: build.__name__)
def flooded(
    request: pytest.FixtureRequest, postgres: Postgres, migrated_template: str
) -> Iterator[str]:
    """The DSN of a database whose statistics are of another time."""
    for dsn in new_database(postgres, migrated_template):
        with (
            psycopg.connect(dsn, autocommit=True) as connection,
            psycopg.connect(dsn) as backup,
        ):
            backup.execute("set transaction isolation level repeatable read")
            backup.execute("select pg_current_xact_id(), count(*) from execution")
            request.param(Building(connection))
            yield dsn


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What parameters are made of: due executions and their places, unpublished ones."""

    due: tuple[tuple[str, int], ...]
    unpublished: tuple[int, ...]
    owner: int = HOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A statement, and the most that it may read: rows, blocks, and the outbox so many times."""

    statement: str
    parameters: Callable[[Facts], Mapping[str, object]]
    rows: int
    blocks: int
    outbox: int = 0
    in_session: bool = False  # the one that claims, not a pooled one
    kept: bool = True  # the server may keep its plan for all parameters


def claim(_facts: Facts) -> Mapping[str, object]:
    return {"limit": BATCH, "since": EARLIEST, "until": None, "passed_over": []}


def store(facts: Facts) -> Mapping[str, object]:
    fills = [
        {
            "place": place,
            "execution_id": id_,
            "number": 1,
            "quantity": 5,
            "price": 3,
            "filled_at": LATER,
            "quantity_filled": 5,
            "total_amount": 15,
            "version": 2,
            "announced": True,
            "is_open": True,
            "execution_status": "PART",
            "next_fill_timestamp": LATER,
        }
        for place, id_ in facts.due
    ]
    return {"owner": facts.owner, "fills": json.dumps(fills)}


def postpone(facts: Facts) -> Mapping[str, object]:
    rows = [
        {"execution_id": id_, "version": 1, "next_fill_timestamp": LATER} for _, id_ in facts.due
    ]
    return {"postponed": json.dumps(rows)}


def insert(_facts: Facts) -> Mapping[str, object]:
    """Half of them are there already."""
    ids = [*range(1, BATCH // 2 + 1), *range(1_000_001, 1_000_001 + BATCH // 2)]
    rows = [
        {
            "id": id_,
            "trade_type": "BUY",
            "destination": "ML",
            "security_id": SECURITY,
            "ticker": "A",
            "quantity": 10,
            "limit_price": None,
            "received_timestamp": LATER,
            "trade_service_execution_id": None,
            "version": 1,
            "traceparent": TRACE,
            "expires_at": LATER,
        }
        for id_ in ids
    ]
    return {"orders": json.dumps(rows), "first_fill_delay": 1}


def asked(facts: Facts) -> Mapping[str, object]:
    return {"ids": [id_ for _, id_ in facts.due]}


def keys(_facts: Facts) -> Mapping[str, object]:
    """Half of them are of requests that were met."""
    rows = [{"execution_id": id_, "key": f"key {id_ + id_ % 2}"} for id_ in range(1, BATCH + 1)]
    return {"asked": json.dumps(rows)}


def store_changes(facts: Facts) -> Mapping[str, object]:
    changes = [
        {
            "place": place,
            "execution_id": id_,
            "number": 1,
            "quantity": 0,
            "price": None,
            "filled_at": LATER,
            "quantity_filled": 0,
            "total_amount": 0,
            "version": 2,
            "announced": True,
            "is_open": False,
            "execution_status": "CNCLD",
            "next_fill_timestamp": None,
            "kind": "CANCEL",
            "quantity_before": 10,
            "limit_before": None,
            "quantity_ordered": 10,
            "limit_price": None,
            "request_key": "enough",
        }
        for place, id_ in facts.due
    ]
    return {"owner": facts.owner, "lock_class": LOCK_CLASS, "changes": json.dumps(changes)}


def mark(facts: Facts) -> Mapping[str, object]:
    rows = [{"execution_id": id_, "number": 1} for id_ in facts.unpublished]
    return {"owner": facts.owner, "fills": json.dumps(rows)}


def take_over(*suspects: int) -> Callable[[Facts], Mapping[str, object]]:
    return lambda facts: {
        "owner": facts.owner,
        "lock_class": LOCK_CLASS,
        "suspects": list(suspects),
    }


def unpublished(facts: Facts) -> Mapping[str, object]:
    return {
        "owner": facts.owner,
        "lock_class": LOCK_CLASS,
        "after": 0,
        "limit": 100,
        "older_than": 0,
    }


def fixed(**parameters: object) -> Callable[[Facts], Mapping[str, object]]:
    return lambda _facts: parameters


def page(rows: int, **criteria: object) -> Case:
    """Return a page of 50."""
    parameters = asdict(ExecutionQuery(limit=50, **criteria))  # type: ignore[arg-type]  # its fields
    return Case(
        statement="page_executions",
        parameters=fixed(**parameters),
        rows=rows,
        blocks=100 + rows // 5,
        kept=False,
    )


CASES: Mapping[str, Case] = {
    "claim": Case(
        statement="claim", parameters=claim, rows=4 * BATCH, blocks=13 * BATCH, in_session=True
    ),
    "clock": Case(
        statement="clock",
        parameters=fixed(since=EARLIEST, until=None),
        rows=3,
        blocks=20,
        in_session=True,
    ),
    "store": Case(
        statement="store_fills",
        parameters=store,
        rows=7 * BATCH,
        blocks=30 * BATCH,
        in_session=True,
    ),
    "claim again": Case(
        statement="lock_claimed",
        parameters=lambda facts: {"places": [place for place, _ in facts.due]},
        rows=2 * BATCH,
        blocks=10 * BATCH,
        in_session=True,
    ),
    "postpone": Case(
        statement="postpone",
        parameters=postpone,
        rows=4 * BATCH,
        blocks=30 * BATCH,
        in_session=True,
    ),
    "lock what is to change": Case(
        statement="lock_changing", parameters=asked, rows=BATCH, blocks=10 * BATCH
    ),
    "what is to change": Case(
        statement="changing", parameters=asked, rows=4 * BATCH, blocks=20 * BATCH
    ),
    "known changes": Case(
        statement="known_changes", parameters=keys, rows=4 * BATCH, blocks=20 * BATCH
    ),
    "store changes": Case(
        statement="store_changes", parameters=store_changes, rows=9 * BATCH, blocks=40 * BATCH
    ),
    "adopt own": Case(
        statement="adopt_own",
        parameters=lambda facts: {"owner": facts.owner, "earlier": [90, 91]},
        rows=0,
        blocks=10,
        outbox=1,
        in_session=True,
    ),
    "insert": Case(statement="insert_orders", parameters=insert, rows=6 * BATCH, blocks=30 * BATCH),
    "mark": Case(statement="mark_published", parameters=mark, rows=4 * BATCH, blocks=10 * BATCH),
    "take over from nobody": Case(
        statement="take_over", parameters=take_over(), rows=10, blocks=100, outbox=2
    ),
    "take over": Case(
        statement="take_over",
        parameters=take_over(ANCESTOR),
        rows=OUTBOX + 10,
        blocks=10 * OUTBOX,
        outbox=2,
    ),
    "unpublished": Case(
        statement="unpublished", parameters=unpublished, rows=700, blocks=3000, outbox=1
    ),
    "backlog": Case(
        statement="backlog",
        parameters=fixed(since=EARLIEST),
        rows=10_020,
        blocks=2_000,
        outbox=1,
    ),
    "summary": Case(
        statement="add_up", parameters=fixed(after=CLOSED // 2, limit=1000), rows=1000, blocks=100
    ),
    "the summary's end": Case(
        statement="add_up", parameters=fixed(after=NEWEST - 10, limit=1000), rows=10, blocks=20
    ),
    "executions": Case(
        statement="get_executions",
        parameters=lambda facts: {"ids": [id_ for _, id_ in facts.due[:50]]},
        rows=200,
        blocks=300,  # before PostgreSQL 17 each id goes down the index by itself
    ),
    "fills of one": Case(
        statement="page_fills",
        parameters=fixed(**asdict(LedgerQuery(execution_id=50, limit=100, after=0))),
        rows=5,
        blocks=20,
    ),
    "page": page(50),
    "page further down": page(50, before_id=CLOSED // 2),
    "page of open": page(50, is_open=True),
    "page of open, further down": page(50, is_open=True, before_id=NEWEST - 10),
    "page of a status": page(50, status="WORK"),
    "page of an order": page(2, execution_service_id=5),
    "page of an open order": page(2, execution_service_id=CLOSED + 5, is_open=True),
    "page of an order of a status": page(2, execution_service_id=CLOSED + 5, status="WORK"),
    "page of an order, further down": page(2, execution_service_id=5, before_id=CLOSED),
    "page of no order": page(0, execution_service_id=NEWEST + 1),
    "page received since": page(50, received_since=EARLIEST),
    "page of a ticker": page(50 * 505, ticker="T7"),
    # these have to look through what is open: all of it, or what is newer than the closed ones
    "page of an open ticker": page(OPEN, is_open=True, ticker="T7"),
    "page of closed": page(OPEN + 50, is_open=False),
    "retention": Case(
        statement="forget_executions",
        parameters=fixed(days=30, after=0, limit=1000),
        rows=18_000,
        blocks=20_000,
    ),
    "retention of what is open": Case(
        statement="forget_executions",
        parameters=fixed(days=30, after=NEWEST - 1000, limit=1000),
        rows=10_000,
        blocks=100,
    ),
    "retention of messages": Case(
        statement="forget_messages",
        parameters=fixed(days=30, limit=200),
        rows=3 * 200 + 4 * 200 + 10,
        blocks=3_000,
    ),
    "numbers": Case(statement="numbers", parameters=fixed(), rows=5, blocks=50),
    "empty parts": Case(statement="empty_parts", parameters=fixed(), rows=50, blocks=100),
}
WITHOUT_A_CASE: Mapping[str, str] = {
    "held_locks": "reads no table",
    "held_up": "reads no table, while the repository is held up",
    **dict.fromkeys(
        (
            "audit_changes",
            "audit_executions",
            "audit_facts",
            "audit_fills",
            "audit_outbox",
            "audit_outbox_strays",
            "audit_sessions",
            "audit_strays",
            "audit_told",
        ),
        "run by hand, in pages, in a session that reads by indexes alone",
    ),
    "lock_partitions": "reads no table",
    "places": "reads locks and the versions of the schema, when an engine joins the group",
    "catalog": "reads the catalog, at start and after something contradicted it",
    "missing_rights": "reads the catalog, after a right was missing",
    "session": "reads settings, when a session begins",
    **dict.fromkeys(
        (
            "reconcile_changes",
            "reconcile_conflicts",
            "reconcile_executions",
            "reconcile_expiries",
            "reconcile_gaps",
            "reconcile_ledger",
            "reconcile_lock",
            "reconcile_messages",
            "reconcile_numbers",
            "reconcile_outbox",
            "reconcile_stage",
            "reconcile_stage_orders",
        ),
        "run by hand while no engine is, in a session that plans as it likes and has no limit",
    ),
}


@pytest.fixture(scope="module")
def facts(flooded: str) -> Facts:
    with psycopg.connect(flooded) as connection:
        due = connection.execute(
            "select ctid::text, id from execution where is_open order by next_fill_timestamp "
            "limit %s",
            [BATCH],
        ).fetchall()
        mine = connection.execute(
            "select execution_id from outbox order by owner limit %s", [BATCH]
        ).fetchall()
    return Facts(due=tuple(due), unpublished=tuple(id_ for (id_,) in mine))


@contextmanager
def connected(dsn: str) -> Iterator[tuple[Connection, Connection]]:
    """Lend what an engine has: the connection that claims, and a pooled one."""
    with opened(dsn) as pool, session(pool) as claims, pool.connection() as pooled:
        yield claims.session.open(), pooled


@pytest.mark.parametrize("name", CASES)
def test_a_statement_reads_what_it_has_to_do_whatever_the_statistics_say(
    flooded: str, facts: Facts, name: str
) -> None:
    case = CASES[name]
    pages = one(flooded, "select pg_relation_size('outbox') / current_setting('block_size')::int")
    with connected(flooded) as (ours, pooled):
        ours.execute("select pg_advisory_lock(%s, %s)", [LOCK_CLASS, HOLDER])
        for generic in (False, True) if case.kept else (False,):
            read = carried_out(
                ours if case.in_session else pooled,
                case.statement,
                case.parameters(facts),
                generic=generic,
            )
            assert read.rows <= case.rows + case.outbox * OUTBOX, read.plan
            assert read.blocks <= case.blocks + case.outbox * pages, read.plan


def test_each_statement_has_a_case_or_a_reason() -> None:
    folder = files("fixengine.infra.postgres") / "queries"
    names = {file.name.removesuffix(".sql") for file in folder.iterdir()}
    there = {name for name in names if not name.startswith("fix_")}  # fix/test_plans.py has those
    tried = {case.statement for case in CASES.values()}
    assert tried.isdisjoint(WITHOUT_A_CASE)
    assert tried | WITHOUT_A_CASE.keys() == there


def test_a_page_is_planned_for_its_filters_each_time(database: str) -> None:
    """A plan for any filters reads the whole table for most of them."""
    plans = "select custom_plans, generic_plans from pg_prepared_statements where statement like %s"
    with opened(database) as pool:
        for _ in range(50):  # by a few connections, each of which makes five without a name
            PostgresQueries(pool).page(ExecutionQuery(limit=50, is_open=True), timeout=60)
        with pool.connection() as connection:
            (planned,) = connection.execute(plans, ["-- A page of executions%"])
    custom, generic = planned
    assert custom > 0
    assert generic == 0


def test_settings_of_the_database_leave_the_planner_no_other_way(database: str) -> None:
    ways = {"indexscan": "on", "nestloop": "on", "tidscan": "on", "seqscan": "off", "sort": "off"}
    other = {"on": "off", "off": "on"}
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        for way, value in ways.items():
            setting = f"alter database {name} set enable_{way} = {other[value]}"
            connection.execute(setting.encode())
    with connected(database) as connections:
        for connection in connections:
            for way, value in ways.items():
                row = connection.execute("select current_setting(%s)", [f"enable_{way}"]).fetchone()
                assert row == (value,), way


def test_a_flood_after_a_quiet_night_is_filled_as_any_other(database: str) -> None:
    """By the engine's own code, for as long as plans are made and kept."""
    rounds, batch = 20, 200
    with psycopg.connect(database, autocommit=True) as connection:
        build = Building(connection)
        build.closed()
        build.analyze()
    with opened(database) as pool:
        for number in range(rounds):
            fill_with_orders(pool, range(1_000_001 + number * 1000, 1_001_001 + number * 1000))
    # without sweeps: on a busy machine one would come in between, and find nothing
    with opened(database) as pool, session(pool, ClaimWindow(lambda: 0.0)) as claims:
        before = _rows_read(database, claims.session.open())
        for _ in range(rounds):
            due = claims.claim(batch)
            fills = [
                evaluate(each, price=Decimal(1), now=due.now, rng=Random(1), rules=FillRules())
                for each in due.executions
            ]
            assert len(claims.store(fills, ())) == batch
            mark_published(
                pool,
                claims,
                [(fill.execution.id, fill.execution.number_of_fills) for fill in fills],
            )
        read = _rows_read(database, claims.session.open()) - before
    assert read < 10 * rounds * batch


def _rows_read(dsn: str, ours: psycopg.Connection) -> int:
    ours.execute("select pg_stat_force_next_flush()")
    reads = "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables"
    return int(one(dsn, reads))
