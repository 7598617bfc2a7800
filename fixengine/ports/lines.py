"""What the gateway needs of the network: clients' connections, and who wants in."""

from enum import StrEnum
from typing import Protocol

from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer


class Receiver(Protocol):
    """Who takes what comes on a line; called by the thread that moves all bytes: never waits."""

    def received(self, data: bytes) -> None:
        """Take bytes, cut anywhere."""

    def lost(self, why: str) -> None:
        """Take note that the line is closed, by whomever; called once, and nothing comes after.

        `Line.pass_to` calls it itself where the line is lost already.
        """


class Line(Protocol):
    """A client's connection; safe to use from several threads."""

    @property
    def address(self) -> str:
        """The client's address, without its port."""

    @property
    def certificate_names(self) -> frozenset[str]:
        """Common name and alternative names of the client's certificate, if it showed one."""

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed the connection, or it is closed here."""

    def wait_longer(self) -> None:
        """Give the client all its time again until it is decided about: it waits for us."""

    def pass_to(self, receiver: Receiver) -> None:
        """Begin to read again, for this receiver. One that is lost already tells so at once."""

    def handled(self, size: int) -> None:
        """Say that so many bytes of `Receiver.received` are done with.

        Reading stops while too many are not.
        """

    @property
    def unwritten(self) -> int:
        """Bytes that wait until the client reads."""

    def send(self, data: bytes) -> None:
        """Write as soon as the client reads; one that lets too much wait is disconnected."""

    def close(self) -> None:
        """Close once all is written, and at once where the client reads nothing."""


class Doorman(Protocol):
    """Who decides about clients that begin with a Logon; called by the thread of all bytes."""

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        """Take over a line, of which nothing is read meanwhile; `framer` has what came behind.

        Never waits. The line is to be passed to a receiver, or closed, within 30 s, or of the last
        `wait_longer`.
        """


class Ending(StrEnum):
    """Why a line ended."""

    CLIENT = "client"
    """The client closed it, or was not reached any more."""
    GATEWAY = "gateway"
    """Who had taken it over closed it."""
    LOGON = "logon"
    """It did not begin with a Logon, or not in time."""
    TLS = "tls"
    """The two sides could not agree on an encryption."""
    CROWD = "crowd"
    """There were too many that had not logged on."""
    UNREAD = "unread"
    """The client read too little of what it was sent."""
    FAULT = "fault"
    """Who had taken it over failed."""


class LineCounts(Protocol):
    """Who counts lines; called by the thread that moves all bytes."""

    def line_began(self) -> None:
        """Count one more."""

    def line_ended(self, ending: Ending) -> None:
        """Count one less, and why."""


class Entrance(Protocol):
    """Where clients come in. It is used once."""

    @property
    def port(self) -> int:
        """The port it listens on; for port 0, the actual one once it is started."""

    def start(self, doorman: Doorman) -> None:
        """Listen. Raises OSError when the port can't be had, ConfigError for bad certificates."""

    def stop_accepting(self) -> None:
        """Let nobody in any more, and show out who has not logged on. Safe to repeat.

        The port is free when it returns, unless the machine is too busy to close it within 0.1 s.
        """

    def stop(self, within: float) -> None:
        """Close all lines, and end within so many seconds; what is to be sent still goes out.

        Safe to call before `start`, and twice.
        """
