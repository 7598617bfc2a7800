"""`fixengine cancel` against an engine that fills."""

import re
from itertools import islice

import psycopg
import pytest

from fixengine.demo.feed.feed import orders
from fixengine.errors import ConflictError
from tests.support.commands import run_command
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.rows import one

TOKEN = "a-token-for-operators"
ORDERS = 60


@pytest.mark.any_broker
def test_what_the_command_says_of_each_is_what_the_database_has(
    around: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part is full before, a part of the rest is filled meanwhile, all are closed in the end."""
    with around.engine(
        OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="0", FILL_DELAY_MIN="0.2", FILL_DELAY_MAX="5"
    ) as engine:
        wait_until_ready(engine)
        around.send(*islice(orders(seed=6), ORDERS))
        around.wait_for("execution", ORDERS)
        address = f"--address=http://127.0.0.1:{engine._rest.port}"
        ids = [str(n) for n in range(1, ORDERS + 1)]
        variables = {"OPERATOR_TOKEN": TOKEN}
        assert run_command("cancel", "--filter", "isOpen=true", address, "--dry-run") == 0
        assert around.count("execution where execution_status in ('CNCLD', 'CPART')") == 0
        capsys.readouterr()
        assert run_command("cancel", *ids, address, variables=variables) == 0
        said = capsys.readouterr().out
        again = run_command("cancel", "--filter", "isOpen=true", address, variables=variables)
        assert again == 0
        assert capsys.readouterr().out == "cancelling 0\nnothing to cancel\n"
        around.wait_for("outbox", 0)
    with psycopg.connect(around.dsn) as connection:
        rows = connection.execute("select id, execution_status from execution order by id")
        known = {str(id_): status for id_, status in rows}
    told = dict(re.findall(r"^(\d+) (?:cancelled|closed before): (\w+), ", said, re.MULTILINE))
    assert told == known
    cancelled = one(around.dsn, "select count(*) from change where kind = 'CANCEL'")
    assert f"{cancelled} cancelled" in said
    assert cancelled > 0


@pytest.mark.any_broker
def test_a_wrong_token_ends_nothing(around: Surroundings) -> None:
    with around.engine(OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="3600") as engine:
        wait_until_ready(engine)
        around.send(*islice(orders(seed=6), 5))
        around.wait_for("execution", 5)
        address = f"--address=http://127.0.0.1:{engine._rest.port}"
        with pytest.raises(ConflictError, match="not the engine's OPERATOR_TOKEN"):
            run_command(
                "cancel",
                "--filter",
                "isOpen=true",
                address,
                variables={"OPERATOR_TOKEN": "another-token-of-somebody"},
            )
        assert around.count("execution where is_open") == 5
