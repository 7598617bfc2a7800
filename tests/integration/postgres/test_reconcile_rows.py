"""What messages do to a restored database, row by row."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from fixengine.errors import ConflictError
from fixengine.infra.postgres.driver.connections import Connection, open_session
from fixengine.infra.postgres.reconcile import Reconciliation, reconcile
from fixengine.rules.values import Execution
from tests.support.executions import execution
from tests.support.rows import fill_with_orders, one, opened

FILLED_AT = datetime(2026, 7, 28, 12, 17, tzinfo=UTC)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with open_session(database, application_name="test") as connection:
        yield connection


def message(number: int, filled: int, total: str, **changes: Any) -> Execution:
    """Return the message of fill `number`, after which `filled` of 134 units cost `total`."""
    fields: dict[str, Any] = {
        "number_of_fills": number,
        "version": number + 1,
        "quantity_filled": Decimal(filled),
        "total_amount": Decimal(total),
        "execution_status": "FULL" if filled == 134 else "PART",
        "is_open": filled < 134,
        "last_fill_timestamp": FILLED_AT,
        "next_fill_timestamp": None,
    }
    return execution(**{**fields, **changes})


def ledger(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select execution_id, number, quantity, price, version, announced from fill "
            "order by execution_id, number"
        ).fetchall()


def test_unannounced_evaluations_are_rows_without_price(
    database: str, connection: Connection
) -> None:
    done = reconcile(connection, [message(3, 34, "340"), message(4, 134, "1365")], apply=True)
    assert done == Reconciliation(
        messages=2,
        executions_restored=1,
        executions_moved_on=0,
        fills_restored=4,
        outbox_rows_removed=0,
    )
    assert ledger(database) == [
        (5, 1, 0, None, 2, False),
        (5, 2, 0, None, 3, False),
        (5, 3, 34, 10, 4, True),
        (5, 4, 100, Decimal("10.25"), 5, True),
    ]
    assert one(database, "select execution_status from execution where id = 5") == "FULL"


def test_a_message_that_is_on_the_topic_twice_is_one_fill(
    database: str, connection: Connection
) -> None:
    twice = message(1, 134, "1340")
    assert reconcile(connection, [twice, twice], apply=True).fills_restored == 1


@pytest.mark.parametrize("first", [1, 2])
def test_fills_that_miss_the_one_before_are_refused(connection: Connection, first: int) -> None:
    """The gap is on the topic, or between the database and the topic."""
    messages = [message(1, 10, "100"), message(3, 30, "310")]
    reconcile(connection, messages[:1], apply=first == 2)
    with pytest.raises(ConflictError, match=r"3 of execution 5.*--since"):
        reconcile(connection, messages[first - 1 :], apply=True)


def test_two_stories_that_the_database_is_beyond_are_old_news(
    database: str, connection: Connection
) -> None:
    """Before this engine another one wrote to the topic, and contradicted itself."""
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 6))
    with psycopg.connect(database) as other:
        other.execute("update execution set number_of_fills = 7 where id = 5")
    one_story = message(1, 10, "100", execution_service_id=5)
    another = replace(one_story, quantity_filled=Decimal(20))
    assert reconcile(connection, [one_story, another], apply=True).messages == 2


def test_numbers_go_on_above_all_that_were_given(database: str, connection: Connection) -> None:
    def next_id() -> int:
        return int(one(database, "select nextval('execution_id_seq')"))

    reconcile(connection, [message(1, 134, "1340", id=50)], apply=False)
    assert next_id() == 1
    reconcile(connection, [message(1, 134, "1340", id=50)], apply=True)
    assert next_id() == 51
    reconcile(connection, [message(1, 134, "1340", id=50)], apply=True)
    assert next_id() == 52, "a number that was given since is not given again"


def test_an_outbox_row_goes_when_the_topic_has_its_fill(
    database: str, connection: Connection
) -> None:
    messages = [message(1, 10, "100"), message(1, 9, "90", id=6, execution_service_id=38)]
    reconcile(connection, messages, apply=True)
    with psycopg.connect(database) as other:
        other.execute(
            "insert into outbox (execution_id, fill_number, owner) values (5, 1, 1), (6, 2, 1)"
        )
    done = reconcile(connection, messages, apply=True)
    assert done.outbox_rows_removed == 1
    assert one(database, "select execution_id from outbox") == 6


def test_an_engine_that_starts_meanwhile_has_to_wait(database: str, connection: Connection) -> None:
    def messages() -> Iterator[Execution]:
        yield message(1, 10, "100")
        with (
            psycopg.connect(database, options="-c lock_timeout=100") as engine,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            engine.execute("select from execution for update skip locked")

    reconcile(connection, messages(), apply=True)


@pytest.mark.parametrize("table", ["execution", "fill_0", "outbox"])
def test_tables_are_joined_with_statistics_of_what_is_in_them(
    database: str, connection: Connection, table: str
) -> None:
    """Those of a restored database may say that it is empty, and whole tables are joined."""
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 51))
    connection.execute("insert into fill select id, 1, 1, 1, now(), 1, 1, 2, true from execution")
    connection.execute("insert into outbox select id, 1, 1 from execution")
    reconcile(connection, [message(1, 134, "1340", id=90, execution_service_id=90)], apply=True)
    known = f"select reltuples from pg_class where relname = '{table}'"
    assert one(database, known) == 50
