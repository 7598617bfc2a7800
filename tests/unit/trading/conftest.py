"""A market to trade on."""

import pytest

from tests.support.fix.market import Market


@pytest.fixture
def market() -> Market:
    """Return a market in which the client has ordered nothing yet."""
    return Market()
