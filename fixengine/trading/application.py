"""What a session's messages are for: whoever drives a session asks an application what to say."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from fixengine.fix.message import Message
from fixengine.trading.values import Decision, Evaluated, Look, Refused


class Needs(NamedTuple):
    """What a decision about some messages needs to know.

    `open_orders` is how many of the session's open orders at most, 0 if none are asked for. Where
    nothing is needed at all, the time is still.
    """

    cl_ord_ids: frozenset[bytes]
    new_orders: int
    open_orders: int = 0


class Application(Protocol):
    """The application of one session; it keeps nothing of its own."""

    def needs(self, messages: Sequence[Message]) -> Needs:
        """Say what to look up before `decide`."""

    def decide(self, messages: Sequence[Message], look: Look) -> Decision:
        """Answer messages that were delivered together, each in its turn."""

    def tell(self, waiting: Sequence[Evaluated | Refused]) -> Decision:
        """Report what became of orders, in this order."""
