"""What a session's messages are for: whoever drives a session asks an application what to say."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from fixengine.fix.message import Message
from fixengine.trading.values import Decision, Evaluated, ListingPage, Look, Refused


class Needs(NamedTuple):
    """What a decision about some messages needs to know: the time, where nothing else."""

    cl_ord_ids: frozenset[bytes]
    new_orders: int


class Application(Protocol):
    """The application of one session; it keeps nothing of its own."""

    def needs(self, messages: Sequence[Message]) -> Needs:
        """Say what to look up before `decide`."""

    def decide(self, messages: Sequence[Message], look: Look) -> Decision:
        """Answer messages that were delivered together, each in its turn."""

    def tell(self, waiting: Sequence[Evaluated | Refused]) -> Decision:
        """Report what became of orders, in this order."""

    def tell_status(self, page: ListingPage) -> Decision:
        """Tell of some of the orders that a mass status asked for."""
