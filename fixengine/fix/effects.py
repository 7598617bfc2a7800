"""What a session wants done, in this order: whoever drives it does so after each of its calls.

A driver does what belongs into the database in one transaction: `Reset`, `Numbered`, what it makes
of `Deliver`, and then `session.next_in` and `session.next_out`. Only then may bytes go out. If the
transaction fails, it drops the connection and the session: the peer knows nothing of either. While
the session `has_more`, it calls `received` again, without bytes.
"""

from dataclasses import dataclass
from datetime import datetime

from fixengine.fix.message import Message


@dataclass(frozen=True, slots=True)
class Reset:
    """Both numbers begin at 1 again: what follows belongs to a new generation."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message of ours has its number: keep what it says, until the peer asks for it again.

    `body` has its fields as they are written, without those that a session gives it. Of an
    administrative message there is nothing to keep but its number: it is empty.
    """

    seq: int
    kind: bytes
    body: bytes
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message for the application, in its turn and once: not administrative, or a Reject."""

    message: Message


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read what was kept of these numbers, the last included, and hand it to `Session.fetched`."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes for the peer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ignored:
    """Bytes were garbled, or a message came twice: nothing to do but to count it."""

    why: str


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The peer used a number that is not its next, and what is missing before it does not come.

    It is asked for no more, unless the peer uses such a number again: whoever operates this should
    know. `expected` is the next number, `early` the one that came.
    """

    expected: int
    early: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection, after the bytes before this; the session is over."""

    why: str


Effect = Reset | Numbered | Deliver | Fetch | Transmit | Ignored | Abandoned | Disconnect
