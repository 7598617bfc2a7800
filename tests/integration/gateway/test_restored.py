"""A database that is restored from a backup is behind its FIX clients; the docs say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.infra.postgres.driver.connections import open_session
from fixengine.infra.postgres.fix import resets
from tests.conftest import new_database
from tests.integration.gateway.conftest import MakeClient
from tests.support.documents import blocks, page
from tests.support.engines import Surroundings
from tests.support.fix.trader import Trader
from tests.support.gateways import running_gateway, session
from tests.support.log import heard
from tests.support.rows import one

pytestmark = pytest.mark.any_broker

SESSIONS = session("*")
WARNING = "the client counts other numbers than the database"


@contextmanager
def copied(server: Postgres, dsn: str) -> Iterator[str]:
    """Lend a copy of a database that nobody works with."""
    yield from new_database(server, str(conninfo_to_dict(dsn)["dbname"]))


def orders_of(trader: Trader, number: int) -> None:
    """Log on, order something that often, and log out."""
    trader.logon_soon()
    for _ in range(number):
        trader.wait_for(trader.order(), exec_type="0")
    trader.initiator.logout("bye")


def begin_anew(dsn: str) -> None:
    """Do what the docs have an operator do."""
    (statement,) = (
        block for block in blocks(page("disaster-recovery"), "sql") if "setval" in block
    )
    with open_session(dsn, application_name="operator") as connection:
        connection.execute(statement.encode())
        assert len(resets.begin_anew(connection, None)) == 2


def test_a_client_that_is_ahead_of_a_restored_database_has_to_begin_anew(
    shared: Surroundings, postgres: Postgres, tmp_path: Path, client: MakeClient
) -> None:
    with running_gateway(shared, tmp_path, sessions=SESSIONS, pod="before") as gateway:
        traders = client(gateway, "OMS1"), client(gateway, "OMS2")
        for trader in traders:
            orders_of(trader, 1)
    with copied(postgres, shared.dsn) as backup:
        with running_gateway(shared, tmp_path, sessions=SESSIONS, pod="after") as gateway:
            for trader in traders:
                trader.move_to(gateway.port)
                orders_of(trader, 3)
        ahead = traders[0]
        last = one(shared.dsn, "select max(id) from execution")
        with (
            heard("WARNING", lambda message: message.record["message"]) as warnings,
            running_gateway(
                shared, tmp_path, sessions=SESSIONS, pod="restored", POSTGRES_DSN=backup
            ) as gateway,
        ):
            ahead.move_to(gateway.port)
            wait_until(ahead.is_refused, 60, "the client to see it")
            wait_until(lambda: WARNING in warnings, 60, "a warning")
            begin_anew(backup)
            for _ in range(6):  # numbers that grew with each Logon would be those it expects
                wait_until(ahead.is_refused, 60, "the client to refuse it again")
            assert one(backup, "select count(*) from execution") == 2
            ahead.logon(reset=True)
            other = client(gateway, "OMS2").logon()  # both begin at 1, as they have agreed
            for trader in (ahead, other):
                report = trader.wait_for(trader.order(cl_ord_id="new"), exec_type="0")
                assert int(report.get(37) or 0) > last
                trader.initiator.logout("bye")
                trader.logon_soon()  # with numbers that go on
                trader.wait_for(trader.order(cl_ord_id="newer"), exec_type="0")
                trader.initiator.logout("bye")
            assert one(backup, "select count(*) from execution") == 6
