"""`fixengine audit` raises no false alarm where more than engines alone were at work."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import TopicNames, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from tests.conftest import new_database
from tests.support.commands import run_command
from tests.support.engines import Surroundings, surroundings
from tests.support.feed.mixed import mixed_orders
from tests.support.go_service import ROWS, SCHEMA
from tests.support.network.pooler import Pooler, PoolMode
from tests.support.rows import change, one

HOLDS, CONTRADICTED = 0, 1
NAMES = TopicNames(orders="odd", fills="odd.fills", dlq="odd.dlq", group="odd_engines")
LISTING = priced_listings()[0]
GOOD, BAD = 20, 20
FED = mixed_orders(seed=21, good=GOOD, bad=BAD)


def orders_of(dsn: str) -> Iterator[FedOrder]:
    """Yield the orders that rows of the Go service came from."""
    with psycopg.connect(dsn) as connection:
        for order_id, value in connection.execute(
            """
            select execution_service_id, json_build_object(
                'id', execution_service_id, 'tradeType', trade_type, 'destination', destination,
                'securityId', rtrim(security_id), 'quantity', quantity_ordered,
                'limitPrice', limit_price,
                'receivedTimestamp', extract(epoch from received_timestamp)
            )::text
            from execution
            """
        ):
            yield FedOrder(
                key=str(order_id).encode(),
                value=value.encode(),
                headers=(),
                kind="taken by Go",
                expected=None,
            )


@pytest.fixture(scope="module")
def run(postgres: Postgres, broker: Broker, workspace: Workspace) -> Iterator[Surroundings]:
    """Lend what is there after an engine took over rows of the Go service, and had orders."""
    for dsn in new_database(postgres, "template0"):
        change(dsn, SCHEMA, ROWS)
        change(
            dsn,
            "delete from execution where security_id = 'short'",
            "update execution set execution_service_id = 900000 + execution_service_id, "
            f"security_id = '{LISTING.security_id}', ticker = '{LISTING.ticker}'",
        )
        adopted = one(dsn, "select count(*) from execution")
        with surroundings(dsn=dsn, broker=broker, topics=NAMES, workspace=workspace) as world:
            world.send(*orders_of(dsn))
            with world.engine():
                world.send(*FED)
                world.wait_for("execution where not is_open", adopted + GOOD)
                world.wait_for("outbox", 0)
                wait_until(lambda: len(world.letters()) == BAD, 60, "all dead letters")
            yield world


def audit(
    run: Surroundings, capsys: pytest.CaptureFixture[str], *words: str, **overrides: str
) -> tuple[int, dict[str, Any], str]:
    """Return the exit code, the verdict and all that was said."""
    capsys.readouterr()
    code = run_command("audit", *words, "--json", variables=run.environment(**overrides))
    said = "".join(capsys.readouterr())
    return code, json.loads(said.splitlines()[-1]), said


def test_rows_of_the_go_service_are_no_contradiction(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdict, said = audit(run, capsys, "--finished")
    assert code == HOLDS, said
    assert verdict["adopted"] > 0


def test_a_pool_that_keeps_sessions_makes_no_difference(
    run: Surroundings,
    capsys: pytest.CaptureFixture[str],
    postgres: Postgres,
    workspace: Workspace,
) -> None:
    pooler = Pooler(port=workspace.reserve_port(), target=postgres.port, mode=PoolMode.SESSION)
    pooler.start()
    try:
        dsn = make_conninfo(run.dsn, host="127.0.0.1", port=pooler.port)
        code, _, said = audit(run, capsys, "--finished", POSTGRES_DSN=dsn)
    finally:
        pooler.stop()
    assert code == HOLDS, said


@contextmanager
def dead_engine(run: Surroundings) -> Iterator[None]:
    """Let a fill be in the outbox whose engine died before it could take it away."""
    change(
        run.dsn,
        "insert into outbox (execution_id, fill_number, owner) "
        "select execution_id, max(number), 1 from fill where announced group by 1 order by 1 "
        "desc limit 1",
    )
    try:
        yield
    finally:
        change(run.dsn, "delete from outbox")


def test_fills_that_a_dead_engine_left_are_no_contradiction_while_all_goes_on(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    with dead_engine(run):
        code, _, said = audit(run, capsys)
        assert code == HOLDS, said
        code, verdict, said = audit(run, capsys, "--finished")
    assert (code, verdict["contradictions"]) == (CONTRADICTED, 1), said
    assert '"kind":"unfinished"' in said


def test_a_letter_that_is_mended_and_replayed_is_one_more_order(
    run: Surroundings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fix = tmp_path / "fix.json"
    order = next(order for order in FED if order.expected)
    mended = json.loads(order.value or b"")
    mended["id"] = 777
    fix.write_text(json.dumps(mended))
    letters = [f"{r.partition}/{r.offset}" for r in read_topic(run.broker.bootstrap, NAMES.dlq)]
    variables = run.environment()
    replay = ("replay", "--offset")
    assert run_command("dlq", *replay, letters[0], "--fix", str(fix), variables=variables) == 0
    with run.engine():
        run.wait_for("execution where execution_service_id = 777 and not is_open", 1)
        run.wait_for("outbox", 0)
    code, verdict, said = audit(run, capsys, "--finished")
    assert code == HOLDS, said
    assert verdict["dead_letters"] == len(letters)
    assert one(run.dsn, "select count(*) from execution") == verdict["executions"]
