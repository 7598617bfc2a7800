"""What is known while messages are decided together: what was looked up, and what came of it.

A message may depend on those before it in the same read, of which the database knows nothing yet.
"""

from msgspec.structs import replace

from fixengine.trading.values import (
    Decision,
    Draft,
    FixOrder,
    FixRequest,
    Known,
    Listing,
    Look,
    NewOrder,
)


class Notes:
    """Collects a decision."""

    def __init__(self, look: Look) -> None:
        self.now = look.now
        self._known = dict(look.known)
        self._numbers = iter(look.numbers)
        self._replies: list[Draft] = []
        self._requests: list[FixRequest] = []
        self._new: dict[int, NewOrder] = {}
        self._changed: dict[int, FixOrder] = {}
        self._listings: list[Listing] = []

    def known(self, cl_ord_id: bytes) -> Known | None:
        """Return what is known of a ClOrdID by now."""
        known = self._known.get(cl_ord_id)
        if known is None or known.standing is None:
            return known
        order = self._changed.get(known.standing.order.execution_id)
        if order is None:
            return known
        return replace(known, standing=known.standing._replace(order=order))

    def next_numbers(self) -> tuple[int, int]:
        """Return the numbers of a new order: (execution id, execution service id)."""
        return next(self._numbers)

    def reply(self, reply: Draft) -> None:
        """Send this."""
        self._replies.append(reply)

    def list_open(self, listing: Listing) -> None:
        """Tell of open orders when all of this is stored."""
        self._listings.append(listing)

    def enter(self, new: NewOrder) -> None:
        """Take an order."""
        self._new[new.execution_id] = new

    def keep(self, known: Known) -> None:
        """Keep a request, with the order that it is about if there is one."""
        self._requests.append(known.request)
        self._known[known.request.cl_ord_id] = known

    def change(self, order: FixOrder) -> None:
        """Put an order in the place of what it was."""
        self._changed[order.execution_id] = order

    def decision(self) -> Decision:
        """Return all that came of the messages."""
        new, changed = self._new, self._changed
        return Decision(
            replies=tuple(self._replies),
            new_orders=tuple(
                replace(each, fix=changed[number]) if number in changed else each
                for number, each in new.items()
            ),
            requests=tuple(self._requests),
            orders=tuple(order for number, order in changed.items() if number not in new),
            listings=tuple(self._listings),
        )
