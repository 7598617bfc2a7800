"""What a session actor begins with: a client that may log on, and its session, which is taken."""

from dataclasses import dataclass
from datetime import datetime

from fixengine.actors.gateway.live import Life
from fixengine.actors.gateway.messages import Knocked
from fixengine.config.fix_sessions import Agreement
from fixengine.ports.fix import TakenSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`day_ends` is when the client has to log on again; None: never."""

    agreement: Agreement
    taken: TakenSession
    knocked: Knocked
    life: Life
    day_ends: datetime | None
