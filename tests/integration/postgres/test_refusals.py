"""What the database refuses: only what depends on an order's own values is the order's fault."""

import pytest

from fixengine.errors import FixengineError, RejectedError, SchemaError
from fixengine.infra.postgres.executions import PostgresExecutions
from tests.support.rows import change, fill_with_orders, one, opened, order

RAISES_FOR_TWO = """
create function odd() returns trigger language plpgsql as $$
begin
    if new.execution_service_id = 2 then raise exception 'no twos'; end if;
    return new;
end
$$;
create trigger odd before insert on execution for each row execute function odd();
"""


def refused(dsn: str, number: int, ticker: str = "A") -> FixengineError:
    """Return the error of one order."""
    with opened(dsn) as pool, pytest.raises(FixengineError) as caught:
        PostgresExecutions(pool, first_fill_delay=0).insert_orders([(order(number), ticker)])
    return caught.value


def test_a_value_that_does_not_fit_is_the_orders_fault(database: str) -> None:
    error = refused(database, 1, ticker="T" * 21)
    assert isinstance(error, RejectedError)
    assert error.sqlstate == "22001"


def test_a_check_on_values_is_named_with_its_table(database: str) -> None:
    change(database, "alter table execution add constraint odd check (ticker <> 'A')")
    error = refused(database, 1)
    assert isinstance(error, RejectedError)
    assert (error.sqlstate, error.table, error.constraint) == ("23514", "execution", "odd")


@pytest.mark.parametrize(
    "errcode",
    ["P0001", "check_violation", "unique_violation", "not_null_violation", "45000", "ZZ999"],
)
def test_a_trigger_that_raises_may_mean_the_values(database: str, errcode: str) -> None:
    """Whatever SQLSTATE it chooses, if it is none that the database has for other things."""
    raises = RAISES_FOR_TWO.replace("'no twos'", f"'no twos' using errcode = '{errcode}'")
    change(database, raises)
    assert isinstance(refused(database, 2), RejectedError)


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        (
            "delete from execution; alter table execution add desk text not null",
            "column desk of execution takes no null",
        ),
        (
            (
                "delete from execution; create table listed (ticker text primary key);"
                "alter table execution add foreign key (ticker) references listed"
            ),
            "drop foreign key execution_ticker_fkey of execution",
        ),
        ("create unique index odd on execution (ticker)", "odd takes no second row"),
        (
            "alter table execution add constraint odd exclude using btree (ticker with =)",
            "drop exclusion constraint odd of execution",
        ),
        ("select setval('execution_id_seq', 1, false)", "execution_pkey takes no second row"),
        ("select setval('execution_id_seq', 2147483647)", "no numbers are left"),
    ],
    ids=["extra column", "foreign key", "unique index", "exclusion", "sequence", "no numbers"],
)
def test_what_no_order_can_help_is_the_schemas_fault(
    database: str, statement: str, remedy: str
) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 2))
    change(database, statement)
    error = refused(database, 2)
    assert isinstance(error, SchemaError)
    assert remedy in str(error)
    assert one(database, "select count(*) from execution where execution_service_id = 2") == 0


def test_what_the_database_advises_is_the_remedy(database: str) -> None:
    change(
        database, "alter table outbox replica identity nothing; create publication p for all tables"
    )
    with (
        opened(database) as pool,
        pytest.raises(SchemaError, match="set REPLICA IDENTITY"),
        pool.connection() as connection,
    ):
        connection.execute("delete from outbox")


def test_of_orders_that_are_refused_together_all_others_are_stored(database: str) -> None:
    change(database, "alter table execution add constraint odd check (ticker <> 'B')")
    batch = [(order(number), "B" if number % 3 else "A") for number in range(1, 101)]
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        tried = executions.insert_apart(batch, partitions={0}, within=60)
        assert executions.insert_orders(batch[2:3], partitions={0}) == 0
    assert tried.count == 100
    assert {*tried.refused} == {place for place, (_, ticker) in enumerate(batch) if ticker == "B"}
    assert all("odd" in reason for reason in tried.refused.values())
    assert one(database, "select count(*) from execution") == 33


def test_what_there_is_no_time_for_is_left_but_for_one_order(database: str) -> None:
    change(database, "alter table execution add constraint odd check (ticker <> 'B')")
    batch = [(order(1), "B"), (order(2), "B"), (order(3), "A"), (order(4), "A")]
    done = 0
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        for _ in range(4):
            tried = executions.insert_apart(batch[done:], partitions=(), within=0)
            assert 0 < tried.count <= 2
            done += tried.count
            if done == len(batch):
                break
    assert done == len(batch)
    assert one(database, "select count(*) from execution") == 2


def test_where_the_schema_is_at_fault_for_one_order_none_is_stored(database: str) -> None:
    change(
        database,
        RAISES_FOR_TWO,
        "create table listed (ticker text primary key); insert into listed values ('A')",
        "alter table execution add foreign key (ticker) references listed",
    )
    batch = [(order(1), "A"), (order(2), "A"), (order(3), "B"), (order(4), "A")]
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        with pytest.raises(SchemaError, match="drop foreign key"):
            executions.insert_apart(batch, partitions={0}, within=60)
        assert one(database, "select count(*) from execution") == 0
        change(database, "alter table execution drop constraint execution_ticker_fkey")
        assert executions.insert_apart(batch, partitions={0}, within=60).count == 4
