"""What a session has left to tell of mass statuses, page by page."""

from array import array
from collections import deque
from collections.abc import Iterable

from fixengine.ports.fix import FixBooks
from fixengine.trading.statuses import MOST_LISTED
from fixengine.trading.values import Listing, ListingPage


class Listings:
    """One after another tells of the orders that are open when its turn begins.

    Of these orders only the numbers are kept, so that it takes little memory to tell of many.
    """

    def __init__(self, books: FixBooks, session_id: int) -> None:
        self._books = books
        self._session_id = session_id
        self._waiting: deque[Listing] = deque()
        self._ids: array[int] | None = None  # of the first, once its turn has begun
        self._told = 0  # how many of these

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, listings: Iterable[Listing]) -> None:
        """Take more of them."""
        self._waiting.extend(listings)

    def next_page(self, most: int) -> ListingPage:
        """Return the next page, of so many orders at most.

        Raises UnavailableError; the page can be asked for again.
        """
        listing = self._waiting[0]
        if self._ids is None:
            found = self._books.open_orders(
                self._session_id, security_id=listing.security_id, limit=MOST_LISTED + 1
            )
            self._ids = array("i", found)
        total = len(self._ids)
        ids = self._ids[self._told : self._told + most] if total <= MOST_LISTED else ()
        orders = self._books.standings(ids) if ids else ()
        self._told += len(ids)
        first = self._told - len(orders) + 1  # some may be forgotten: the last is still the last
        page = ListingPage(listing=listing, first=first, total=total, orders=orders)
        if not ids or self._told == total:
            self._waiting.popleft()
            self._ids, self._told = None, 0
        return page
