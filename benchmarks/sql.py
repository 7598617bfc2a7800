"""What the database says of itself."""

import psycopg


def number_of(connection: psycopg.Connection, statement: str, **parameters: object) -> int:
    """Return the only number that a statement returns."""
    row = connection.execute(statement.encode(), parameters or None).fetchone()
    assert row is not None
    return int(row[0])
