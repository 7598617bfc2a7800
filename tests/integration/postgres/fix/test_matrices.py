"""The tables of FIX 4.4, appendix D, on a real database: the same tests as without one."""

from collections.abc import Iterator

import pytest

from tests.support.fix.stored_market import StoredMarket, stored_markets
from tests.unit.trading.test_matrices import *  # noqa: F403 - all tests that are there


@pytest.fixture
def market(database: str) -> Iterator[StoredMarket]:
    """Lend a market in which the client has ordered nothing yet."""
    with stored_markets(database) as make:
        yield make()
