"""What the gateway's statements read depends on what they have to do, not on what statistics say.

Each is carried out beside a million messages and 50,000 requests that wait, and the rows that it
looks at are counted.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

import psycopg
import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.infra.postgres.fix.sessions import FIX_LOCK_CLASS
from tests.conftest import new_database
from tests.support.fix.works import gateway
from tests.support.postgres.plans import carried_out
from tests.support.rows import SECURITY, change, opened

SENT = 200_000
ORDERS = 50_000  # executions 1 to …, each of session 1, filled once, changed once, to be told
OPEN = 1_000  # of them
SESSIONS = 5_000
BATCH = 200
NOW = datetime.now(UTC).isoformat()

_ROWS = f"""
insert into fix_session (begin_string, own_comp_id, peer_comp_id, wanted_at)
select 'FIX.4.4', 'FIXENGINE', ('OMS' || n)::bytea, now() from generate_series(1, {SESSIONS}) as n;
insert into fix_sent select 1, 1 + n % 2, n, '8', now(), '58=x', n, 1
from generate_series(1, {SENT}) as n;
insert into execution (id, execution_service_id, is_open, execution_status, trade_type, destination,
    security_id, ticker, quantity_ordered, received_timestamp, sent_timestamp)
select n, -n, n > {ORDERS - OPEN}, 'FULL', 'BUY', 'ML', '{SECURITY}', 'A', 10, now(), now()
from generate_series(1, {ORDERS}) as n;
insert into fill select n, 1, 10, 100, now(), 10, 1000, 2, false
from generate_series(1, {ORDERS}) as n;
insert into change select n, 2, 'CANCEL', 10, null, 10, null, 'fix:1:' || n
from generate_series(1, {ORDERS}) as n;
insert into expiry select n, now() from generate_series(1, {ORDERS}) as n;
insert into fix_order select n, 1, n::text::bytea, null, null, null, '1', '1'
from generate_series(1, {ORDERS}) as n;
insert into fix_request select 1, n::text::bytea, n, 'CANCEL', 'PENDING', null, null, now()
from generate_series(1, {ORDERS}) as n;
insert into fix_pending (session_id, execution_id, number) select 1, n, 1
from generate_series(1, {ORDERS}) as n;
select setval('execution_id_seq', {ORDERS});
"""
_TABLES = (
    "change",
    "execution",
    "expiry",
    "fill_0",
    "fix_order",
    "fix_pending",
    "fix_request",
    "fix_sent",
    "fix_session",
)


def never_analyzed() -> Sequence[str]:
    """As after a restore."""
    return ()


def nothing_there() -> Sequence[str]:
    """As statistics of the first day have it."""
    tables = f"('{{{','.join(_TABLES)}}}'::regclass[])"
    indexes = f"(select indexrelid from pg_index where indrelid = any{tables})"
    return (
        f"delete from pg_statistic where starelid = any{tables}",
        f"update pg_class set relpages = 1, reltuples = 0 where oid = any{tables}",
        f"update pg_class set relpages = 1, reltuples = 0 where oid in {indexes}",
    )


def everything_pending() -> Sequence[str]:
    """As things are."""
    return ("vacuum analyze",)


@pytest.fixture(scope="module")
def filled(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """The DSN of a database with much in it, that nobody cleans up or analyzes."""
    for dsn in new_database(postgres, migrated_template):
        for table in _TABLES:
            change(dsn, f"alter table {table} set (autovacuum_enabled = off)")
        with (
            psycopg.connect(dsn, autocommit=True) as connection,
            psycopg.connect(dsn) as backup,
        ):
            backup.execute("set transaction isolation level repeatable read")
            backup.execute("select pg_current_xact_id(), count(*) from execution")
            connection.execute(_ROWS.encode())
            yield dsn


@pytest.fixture(
    scope="module",
    params=(never_analyzed, nothing_there, everything_pending),
    ids=lambda each: each.__name__,
)
def misled(request: pytest.FixtureRequest, filled: str) -> str:
    """The DSN of that database, with statistics of another time."""
    change(filled, *request.param())
    return filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A statement, and the most that it may read."""

    statement: str
    parameters: Mapping[str, object]
    rows: int
    blocks: int
    in_session: bool = False  # on the connection that has the locks, not on a pooled one


def text(value: object) -> str:
    """Return a ClOrdID as JSON has it."""
    return b64encode(str(value).encode()).decode()


def terms(execution_id: int) -> dict[str, object]:
    return {
        "execution_id": execution_id,
        "session_id": 1,
        "cl_ord_id": text(execution_id),
        "side": text(1),
        "time_in_force": text(1),
    }


def new(number: int) -> dict[str, object]:
    id_ = 2 * ORDERS + number
    return {
        **terms(id_),
        "ticker": "A",
        "id": id_,
        "trade_type": "BUY",
        "destination": "ML",
        "security_id": SECURITY,
        "quantity": "10",
        "received_timestamp": NOW,
        "version": 1,
        "time_in_force": "IOC",
        "fix_time_in_force": text(1),
    }


WORK = {
    "session_id": 1,
    "epoch": 0,
    "generation": 1,
    "next_in": 9,
    "next_out": 9,
    "sent": [
        {"seq": SENT + n, "kind": text(8), "sent_at": NOW, "body": text("58=x")}
        for n in range(1, BATCH + 1)
    ],
    "new_orders": [new(n) for n in range(1, BATCH + 1)],
    "requests": [
        {"cl_ord_id": text(f"new {n}"), "kind": "NEW", "state": "DONE", "asked_at": NOW}
        for n in range(BATCH)
    ],
    "orders": [terms(n) for n in range(1, BATCH + 1)],
    "done": [text(n) for n in range(1, BATCH + 1)],
    "told": [*range(1, BATCH + 1)],
}
"""All that one session may leave, as much of it as is usual of some of it."""

IDLE = [
    {**WORK, "session_id": n, "sent": [], "new_orders": [], "requests": []} for n in range(2, 52)
]
"""Other sessions, that tell and change something; none of it is there."""

IDENTITY = {"begin": b"FIX.4.4", "own": b"FIXENGINE", "peer": b"OMS77"}

CASES: Mapping[str, Case] = {
    "find": Case(statement="fix_find", parameters=IDENTITY, rows=1, blocks=10, in_session=True),
    "make": Case(
        statement="fix_make",
        parameters={**IDENTITY, "peer": b"NEW"},
        rows=1,
        blocks=50,
        in_session=True,
    ),
    "take": Case(
        statement="fix_take",
        parameters={"id": 77, "began_since": NOW},
        rows=5,
        blocks=30,
        in_session=True,
    ),
    "want": Case(statement="fix_want", parameters={"id": 77}, rows=2, blocks=30, in_session=True),
    "wanted": Case(
        statement="fix_wanted",
        parameters={"ids": [*range(1, 101)]},
        rows=200,
        blocks=500,
        in_session=True,
    ),
    "release": Case(
        statement="fix_release",
        parameters={"id": 77, "epoch": 0, "lock_class": FIX_LOCK_CLASS},
        rows=2,
        blocks=30,
        in_session=True,
    ),
    "commit": Case(
        statement="fix_commit",
        parameters={"works": json.dumps([WORK]), "first_fill_delay": 1},
        rows=30 * BATCH,
        blocks=80 * BATCH,
        in_session=True,
    ),
    "a commit of sessions without orders": Case(
        statement="fix_commit",
        parameters={
            "works": json.dumps(IDLE),
            "first_fill_delay": 1,
        },
        rows=6 * len(IDLE) * BATCH,
        blocks=20 * len(IDLE) * BATCH,
        in_session=True,
    ),
    "known": Case(
        statement="fix_known",
        parameters={
            "session_id": 1,
            "cl_ord_ids": [b"%d" % n for n in range(ORDERS - 50, ORDERS + 50)],
            "execution_ids": [],
        },
        rows=500,
        blocks=3000,
    ),
    "look": Case(
        statement="fix_look",
        parameters={
            "session_ids": [1] * BATCH,
            "cl_ord_ids": [b"new %d" % n for n in range(BATCH)],
            "count": BATCH,
        },
        rows=3 * BATCH,
        blocks=15 * BATCH,
    ),
    "list what is open": Case(
        statement="fix_open",
        parameters={"session_id": 1, "security_id": SECURITY, "limit": 2 * OPEN},
        rows=3 * OPEN,
        blocks=10 * OPEN,
    ),
    "a page of what is open": Case(
        statement="fix_known",
        parameters={
            "session_id": None,
            "cl_ord_ids": [],
            "execution_ids": [*range(ORDERS - BATCH, ORDERS)],
        },
        rows=9 * BATCH,
        blocks=30 * BATCH,
    ),
    "resend": Case(
        statement="fix_sent",
        parameters={"session_id": 1, "generation": 2, "first": SENT // 2, "last": SENT // 2 + 999},
        rows=500,
        blocks=100,
    ),
    "a page of sessions": Case(
        statement="fix_page_sessions",
        parameters={"after": 0, "limit": 101, "peer": None, "lock_class": FIX_LOCK_CLASS},
        rows=35_000,
        blocks=25_000,
    ),
    "sessions of a client": Case(
        statement="fix_page_sessions",
        parameters={"after": 0, "limit": 101, "peer": b"OMS77", "lock_class": FIX_LOCK_CLASS},
        rows=35_000,
        blocks=25_000,
    ),
    "a page of messages": Case(
        statement="fix_page_sent",
        parameters={"session_id": 1, "generation": 2, "after": SENT // 2, "limit": 1_001},
        rows=1_001,
        blocks=100,
    ),
    "backlog": Case(
        statement="fix_backlog",
        parameters={"ids": [*range(1, 101)]},
        rows=50_000,
        blocks=25_000,
    ),
    "waiting": Case(
        statement="fix_waiting", parameters={"ids": [*range(1, 101)]}, rows=300, blocks=500
    ),
    "reports": Case(
        statement="fix_reports",
        parameters={"session_id": 1, "limit": BATCH},
        rows=9 * BATCH,
        blocks=30 * BATCH,
    ),
    "undecided": Case(
        statement="fix_undecided",
        parameters={"in_hand": [], "limit": BATCH},
        rows=5 * BATCH,
        blocks=20 * BATCH,
    ),
    "refuse": Case(
        statement="fix_refuse",
        parameters={"session_id": 1, "cl_ord_id": b"5", "key": "fix:1:none", "reason": "CLOSED"},
        rows=5,
        blocks=100,
    ),
}
WITHOUT_A_CASE: Mapping[str, str] = {
    "fix_begin_anew": "reads all sessions, when an operator asks for it",
    "fix_end_ghost": "reads no table, when a connection broke",
}


@pytest.mark.parametrize("name", CASES)
def test_a_statement_reads_what_it_has_to_do_whatever_the_statistics_say(
    misled: str, name: str
) -> None:
    case = CASES[name]
    with (
        opened(misled, keeps_plans=True) as pool,
        gateway(pool) as sessions,
        pool.connection() as pooled,
    ):
        assert sessions._connection is not None
        connection = sessions._connection if case.in_session else pooled
        for generic in (False, True):
            read = carried_out(connection, case.statement, case.parameters, generic=generic)
            assert read.rows <= case.rows, read.plan
            assert read.blocks <= case.blocks, read.plan


def test_each_statement_of_the_gateway_has_a_case_or_a_reason() -> None:
    folder = files("fixengine.infra.postgres") / "queries"
    names = {file.name.removesuffix(".sql") for file in folder.iterdir()}
    tried = {case.statement for case in CASES.values()}
    assert tried.isdisjoint(WITHOUT_A_CASE)
    assert tried | WITHOUT_A_CASE.keys() == {name for name in names if name.startswith("fix_")}
