"""A gateway on a database of its own."""

from collections.abc import Iterator

import pytest

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from tests.support.fix.works import gateway
from tests.support.rows import opened


@pytest.fixture
def pool(database: str) -> Iterator[Database]:
    """Lend an open pool."""
    with opened(database, keeps_plans=True) as pool:
        yield pool


@pytest.fixture
def sessions(pool: Database) -> Iterator[PostgresFixSessions]:
    """Lend a gateway's sessions, connected."""
    with gateway(pool) as sessions:
        yield sessions


@pytest.fixture
def books(pool: Database) -> PostgresFixBooks:
    """Return what the gateway reads."""
    return PostgresFixBooks(pool)
