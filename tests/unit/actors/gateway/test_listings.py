"""Which orders a mass status tells of, page by page."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from fixengine.actors.gateway.listings import Listings
from fixengine.trading.values import Listing, Standing
from tests.support.fix.stub_ports import StubLine, StubStore
from tests.unit.actors.gateway.conftest import knocked


class Forgetful(StubStore):
    """Has forgotten the second of the orders that it names."""

    def standings(self, execution_ids: Collection[int]) -> Sequence[Standing]:
        return [each for each in super().standings(execution_ids) if each != 2]


def test_the_last_order_has_the_last_number_though_one_is_forgotten_meanwhile() -> None:
    listings = Listings(Forgetful(open_count=4), 1)
    message = knocked(StubLine()).knock.logon
    listings.add([Listing(message=message, asked_at=datetime.now(UTC))])
    pages = [listings.next_page(2), listings.next_page(2)]
    assert [(page.first, len(page.orders), page.total) for page in pages] == [(2, 1, 4), (3, 2, 4)]
    assert not listings
