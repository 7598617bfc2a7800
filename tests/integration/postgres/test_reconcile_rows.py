"""What messages do to a restored database, row by row."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from fixengine.errors import ConflictError
from fixengine.infra.postgres.driver.connections import Connection, open_session
from fixengine.infra.postgres.fix.sessions import FIX_LOCK_CLASS
from fixengine.infra.postgres.reconcile import Reconciliation, reconcile
from fixengine.infra.postgres.session import LOCK_CLASS
from fixengine.rules.values import Execution, Order
from tests.support.executions import execution
from tests.support.rows import fill_with_orders, one, opened, order

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
        changes_restored=0,
        outbox_rows_removed=0,
    )
    assert ledger(database) == [
        (5, 1, 0, None, 2, False),
        (5, 2, 0, None, 3, False),
        (5, 3, 34, 10, 4, True),
        (5, 4, 100, Decimal("10.25"), 5, True),
    ]
    assert one(database, "select execution_status from execution where id = 5") == "FULL"


@pytest.mark.parametrize(
    ("lock_class", "named"), [(LOCK_CLASS, "1 engines"), (FIX_LOCK_CLASS, "1 clients of FIX")]
)
def test_nothing_is_reconciled_while_somebody_works_with_the_database(
    database: str, connection: Connection, lock_class: int, named: str
) -> None:
    with psycopg.connect(database) as other:
        other.execute("select pg_advisory_lock(%s, 7)", [lock_class])
        with pytest.raises(ConflictError, match=named):
            reconcile(connection, [message(1, 134, "1340")], apply=True)
    assert ledger(database) == []


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


def test_fills_of_an_order_by_fix_may_be_announced_from_some_day_on(
    database: str, connection: Connection
) -> None:
    messages = [
        message(number, 10 * number, f"{100 * number}", execution_service_id=-5)
        for number in (1, 3)
    ]
    reconcile(connection, messages, apply=True)
    assert [(row[1], row[2]) for row in ledger(database)] == [(1, 10), (2, 0), (3, 20)]


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


ENDS = FILLED_AT + timedelta(seconds=5)


def ordered(**changes: Any) -> Order:
    """Return the order that messages are of."""
    base = execution()
    return order(
        base.execution_service_id,
        **{"quantity": base.quantity_ordered, "limit_price": base.limit_price, **changes},
    )


def changes(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select number, kind, quantity_before::float, limit_before::float, quantity::float, "
            "limit_price::float from change where execution_id = 5 order by number"
        ).fetchall()


MORE: dict[str, Any] = {"quantity_ordered": Decimal(200), "limit_price": Decimal("44.1")}
ENDED: dict[str, Any] = {"execution_status": "CPART", "is_open": False}


def test_new_terms_and_an_end_come_back_as_messages_tell_of_them(
    database: str, connection: Connection
) -> None:
    messages = [
        message(1, 34, "340"),
        message(2, 34, "340", **MORE),
        message(3, 134, "1365", **{**MORE, "execution_status": "PART", "is_open": True}),
        message(4, 134, "1365", **MORE, **ENDED),
    ]
    done = reconcile(connection, messages, [ordered()], apply=True)
    assert (done.fills_restored, done.changes_restored) == (4, 2)
    assert changes(database) == [
        (2, "REPLACE", 134, None, 200, 44.1),
        (4, "CANCEL", 200, 44.1, 200, 44.1),
    ]
    assert [row[2:4] for row in ledger(database)] == [
        (34, 10),
        (0, None),
        (100, Decimal("10.25")),
        (0, None),
    ]
    assert reconcile(connection, messages, [ordered()], apply=True).changes_restored == 0


@pytest.mark.parametrize(
    ("end", "kind"), [(ENDS, "CANCEL"), (FILLED_AT, "EXPIRE"), (None, "CANCEL")]
)
def test_what_ends_when_its_order_says_so_is_over_and_nobody_cancelled_it(
    database: str, connection: Connection, end: datetime | None, kind: str
) -> None:
    messages = [message(1, 34, "340"), message(2, 34, "340", **ENDED)]
    reconcile(connection, messages, [ordered(expires_at=end), ordered()], apply=True)
    assert [row[:2] for row in changes(database)] == [(2, kind)]
    known = "(select expires_at from expiry where execution_id = 5)"
    assert one(database, f"select {known}") == end


def test_terms_that_nobody_was_told_of_are_from_before_the_first_message(
    database: str, connection: Connection
) -> None:
    messages = [message(3, 34, "340", **MORE)]
    reconcile(connection, messages, [ordered(), ordered(quantity=Decimal(7))], apply=True)
    assert changes(database) == [(2, "REPLACE", 134, None, 200, 44.1)]
    assert [row[1:4] for row in ledger(database)][:2] == [(1, 0, None), (2, 0, None)]


def test_an_end_with_nothing_filled_that_was_told_of_has_the_terms_of_before(
    database: str, connection: Connection
) -> None:
    ended = {**MORE, **ENDED, "execution_status": "CNCLD"}
    reconcile(connection, [message(2, 0, "0", **ended)], [ordered()], apply=True)
    assert changes(database) == [
        (1, "REPLACE", 134, None, 200, 44.1),
        (2, "CANCEL", 200, 44.1, 200, 44.1),
    ]


def test_an_order_that_the_topic_no_longer_has_is_as_its_first_message_says(
    database: str, connection: Connection
) -> None:
    reconcile(connection, [message(2, 34, "340", **MORE)], apply=True)
    assert changes(database) == []


def test_an_execution_that_moves_on_has_the_terms_of_its_last_message(
    database: str, connection: Connection
) -> None:
    reconcile(connection, [message(1, 34, "340")], [ordered()], apply=True)
    done = reconcile(connection, [message(2, 34, "340", **MORE)], apply=True)
    assert (done.executions_moved_on, done.changes_restored) == (1, 1)
    assert changes(database) == [(2, "REPLACE", 134, None, 200, 44.1)]
    assert one(database, "select quantity_ordered from execution") == 200
    assert one(database, "select limit_price from execution") == Decimal("44.1")


def test_an_end_that_only_one_of_topic_and_database_has_is_a_second_story(
    connection: Connection,
) -> None:
    reconcile(connection, [message(1, 34, "340"), message(2, 34, "340")], apply=True)
    with pytest.raises(ConflictError, match="two stories of executions"):
        reconcile(connection, [message(2, 34, "340", **ENDED)], apply=True)


def test_an_end_and_a_fill_of_one_number_are_two_stories(connection: Connection) -> None:
    with pytest.raises(ConflictError, match="two stories of executions"):
        reconcile(
            connection,
            [message(1, 34, "340"), message(2, 34, "340"), message(2, 34, "340", **ENDED)],
            apply=True,
        )
