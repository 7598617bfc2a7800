"""`fixengine cancel` against an engine that fills."""

import re
import subprocess
import sys
from functools import partial
from itertools import islice
from signal import SIGINT

import psycopg
import pytest

from fixengine.commands.exit_codes import INTERRUPTED
from fixengine.demo.feed.feed import orders
from fixengine.demo.stack import surroundings
from fixengine.errors import ConflictError
from tests.support.commands import run_command
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.rows import one, wait_until_blocked

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
def test_after_ctrl_c_what_was_asked_is_told_and_the_same_command_does_the_rest_alone(
    around: Surroundings,
) -> None:
    """The first ten are cancelled; then somebody has what is next, and the command is at work."""
    with around.engine(OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="3600") as engine:
        wait_until_ready(engine)
        around.send(*islice(orders(seed=6), ORDERS))
        around.wait_for("execution", ORDERS)
        ids = [str(n) for n in range(1, ORDERS + 1)]
        address = f"--address=http://127.0.0.1:{engine._rest.port}"
        begin = partial(
            subprocess.Popen,
            [sys.executable, "-m", "fixengine", "cancel", *ids, address],
            env={**surroundings(), "OPERATOR_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            text=True,
        )
        with psycopg.connect(around.dsn) as somebody, begin() as interrupted:
            somebody.execute("select from execution where id between 11 and 14 for update")
            around.wait_for("execution where not is_open", 10)
            wait_until_blocked(around.dsn, "for update of e%")
            interrupted.send_signal(SIGINT)
            said, _ = interrupted.communicate(timeout=60)
        assert interrupted.returncode == INTERRUPTED
        told = dict(re.findall(r"^(\d+) (\w+ \w+|\w+): ", said, re.MULTILINE))
        asked = [*map(str, range(1, len(told) + 1))]
        assert told == dict.fromkeys(asked[:10], "cancelled") | dict.fromkeys(
            asked[10:], "not known"
        )
        assert f"ended early, {ORDERS - len(told)} not asked for: give the same command" in said
        assert around.count("execution where not is_open") == 10
        with begin() as again:
            said, _ = again.communicate(timeout=60)
        assert again.returncode == 0
        assert f"{ORDERS} cancelled" in said
        assert (
            around.count("change") == around.count("execution where number_of_fills = 1") == ORDERS
        )


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
