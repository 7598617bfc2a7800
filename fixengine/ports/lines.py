"""What the gateway needs of the network: clients' connections, and who wants in."""

from typing import Protocol

from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer


class Receiver(Protocol):
    """Who takes what comes on a line; called by the thread that moves all bytes: never waits."""

    def received(self, data: bytes) -> None:
        """Take bytes, cut anywhere."""

    def lost(self, why: str) -> None:
        """Take note that the line is closed, by whomever; called once, and nothing comes after."""


class Line(Protocol):
    """A client's connection; safe to use from several threads."""

    @property
    def address(self) -> str:
        """The client's address, without its port."""

    @property
    def certificate_names(self) -> frozenset[str]:
        """Common name and alternative names of the client's certificate, if it showed one."""

    def pass_to(self, receiver: Receiver) -> None:
        """Begin to read again, for this receiver. One that is lost already tells so at once."""

    def handled(self, size: int) -> None:
        """Say that so many received bytes are done with: reading stops while too many are not."""

    def send(self, data: bytes) -> None:
        """Write as soon as the client reads; one that lets too much wait is disconnected."""

    def close(self) -> None:
        """Close once all is written, and at once where the client reads nothing."""


class Doorman(Protocol):
    """Who decides about clients that begin with a Logon; called by the thread of all bytes."""

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        """Take over a line, of which nothing is read meanwhile; `framer` has what came behind."""
