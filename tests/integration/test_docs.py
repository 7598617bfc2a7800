"""The documents' SQL does what they say."""

import psycopg
import pytest

from fixengine.infra.migrate import migrate
from fixengine.infra.schema import bring_up_to_date
from tests.documents import PAGES, blocks, page
from tests.integration.go_service import BLIND_UPDATE, ROWS, SCHEMA
from tests.integration.rows import fill_with_orders, one, opened

STATEMENTS = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in PAGES
    for number, block in enumerate(blocks(path.read_text("utf-8"), "sql"))
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_runs_on_the_schema(statement: str, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(statement.encode())


def test_what_the_go_service_cant_read_is_cut_down(database: str) -> None:
    (cut,) = (block for block in blocks(page("upgrading-from-go"), "sql") if "32767" in block)
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 4))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("update execution set number_of_fills = 32765 + id")
        connection.execute(cut.encode())
    assert one(database, "select max(number_of_fills) from execution") == 32767
    assert one(database, "select count(*) from execution where is_open") == 1


def test_the_go_service_fills_after_the_way_back_and_not_after_the_way_forward(
    empty_database: str,
) -> None:
    (back,) = (b for b in blocks(page("upgrading-from-go"), "sql") if "trigger" in b)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(ROWS.encode())
        migrate(connection)
        connection.execute(back.encode())
        connection.execute(BLIND_UPDATE.encode())
        bring_up_to_date(connection)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(BLIND_UPDATE.encode())
