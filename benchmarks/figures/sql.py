"""What the database says of itself."""

import psycopg


def number_of(connection: psycopg.Connection, statement: str) -> int:
    """Return the only number that a statement returns."""
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
