"""What two parties agreed on for a session."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fixengine.fix.dictionary import Dictionary
from fixengine.fix.message import Field


class Moment(NamedTuple):
    """Now: the time of day, which goes into messages, and that of a clock that nobody sets."""

    utc: datetime
    ticks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """A session as its owner configured it.

    The bounds of the heartbeat are an acceptor's. The last three are an initiator's: the heartbeat
    that it asks for, whether both numbers begin at 1 again, and more fields of its Logon, such as
    Username(553) and Password(554).
    """

    own: bytes
    peer: bytes
    dictionary: Dictionary
    shortest_heartbeat_seconds: int = 0
    longest_heartbeat_seconds: int = 3_600
    heartbeat_seconds: int = 30
    reset: bool = False
    logon_fields: tuple[Field, ...] = ()
