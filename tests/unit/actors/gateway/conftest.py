"""Actors of a gateway on a store in memory."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.gateway.arrival import Arrival
from fixengine.actors.gateway.directory import Directory
from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.live import Life, LiveSession, LiveSessions
from fixengine.actors.gateway.messages import Knocked
from fixengine.actors.gateway.porter import Porter
from fixengine.actors.gateway.repository import SessionRepository
from fixengine.actors.gateway.session import SessionActor
from fixengine.actors.gateway.turns import Turns
from fixengine.config.fix_sessions import Agreement, Agreements
from fixengine.demo.waiting import wait_until
from fixengine.fix.door import Door, Knock
from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import encode
from fixengine.ports.fix import Identity
from fixengine.rules.trading_day import TradingDay
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.telemetry.health import GATEWAY_NEEDS, Health
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.trading.values import FixRequest, RequestKind, RequestState
from tests.support.fix.client import shown
from tests.support.fix.stub_ports import Parrot, SoundSchema, StubLine, StubStore
from tests.support.no_tree import NoTree

OMS = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
LOGON = "34=1|98=0|108=30|"
QUICK = SessionLimits(patience=0.3, look_for_room_every=0.01)


def agreement(peer: str = "OMS1", **more: object) -> Agreement:
    """Return what was agreed on with a client."""
    given: dict[str, object] = {
        "identity": Identity(b"FIX.4.4", b"FIXENGINE", peer.encode()),
        "destination": "ML",
        "password": None,
        "username": None,
        "certificates": frozenset(),
        "shortest_heartbeat_seconds": 0,
        "longest_heartbeat_seconds": 3600,
        "day": TradingDay(),
    }
    return Agreement(**{**given, **more})  # type: ignore[arg-type]  # as the test says


def message(text: str, peer: str = "OMS1") -> bytes:
    """Return the bytes of a message of a client: `D|34=2|11=a|`."""
    kind, _, rest = text.partition("|")
    time = write_timestamp(datetime.now(UTC)).decode()
    head = f"35={kind}|49={peer}|56=FIXENGINE|52={time}|"
    return encode(b"FIX.4.4", f"{head}{rest}".replace("|", "\x01").encode())


def knocked(line: StubLine, text: str = "34=1|98=0|108=30|", peer: str = "OMS1") -> Knocked:
    """Return a client at the door, with its Logon."""
    door = Door(0)
    knock = door.received(message(f"A|{text}", peer))
    assert isinstance(knock, Knock)
    return Knocked(line=line, knock=knock, framer=door.framer)


def cancel(cl_ord_id: bytes, execution_id: int = 5) -> FixRequest:
    """Return a request to cancel that nobody has decided."""
    return FixRequest(
        session_id=1,
        cl_ord_id=cl_ord_id,
        execution_id=execution_id,
        kind=RequestKind.CANCEL,
        state=RequestState.PENDING,
        asked_at=datetime.now(UTC),
    )


class Ears(Actor):
    """Takes note of what it is told."""

    def __init__(self, heard: list[object]) -> None:
        super().__init__()
        self._heard = heard

    def receive(self, message: object) -> None:
        self._heard.append(message)


@dataclass
class World:
    """What actors of one test have in common."""

    store: StubStore = field(default_factory=StubStore)
    application: Parrot = field(default_factory=Parrot)
    live: LiveSessions = field(default_factory=LiveSessions)
    metrics: GatewayMetrics = field(default_factory=lambda: GatewayMetrics(CollectorRegistry()))
    told: list[object] = field(default_factory=list)
    actors: list[ActorRef] = field(default_factory=list)
    porter: ActorRef = field(init=False)
    limits: SessionLimits = SESSION_LIMITS
    turns: Turns = field(default_factory=lambda: Turns(SESSION_LIMITS.pages))

    def booted(self, ref: ActorRef) -> ActorRef:
        ask(ref, Boot(), timeout=60)
        self.actors.append(ref)
        return ref

    def repository(self) -> ActorRef:
        health = Health(gauge=self.metrics.up, tree=NoTree(), needs=GATEWAY_NEEDS)
        ref = self.booted(
            SessionRepository.start(
                schema=SoundSchema(), sessions=self.store, health=health, metrics=self.metrics
            )
        )
        if not self.store.is_away:
            wait_until(lambda: self.store.opened, 60, "the repository to open")
        return ref

    def ears(self) -> ActorRef:
        return self.booted(Ears.start(self.told))

    def session(
        self,
        line: StubLine,
        *,
        repository: ActorRef,
        text: str = "34=1|98=0|108=30|",
        agreed: Agreement | None = None,
        day_of: datetime | None = None,
    ) -> ActorRef:
        """Return a session that is begun, of the day of that moment if it is given."""
        agreed = agreed or agreement()
        taken = self.store.take(agreed.identity, began_since=None)
        assert taken is not None
        return self.booted(
            self.start_session(
                Arrival(
                    agreement=agreed,
                    taken=taken,
                    knocked=knocked(line, text, agreed.identity.peer.decode()),
                    life=Life(30),
                    day_ends=agreed.day.next_reset(day_of or datetime.now(UTC)),
                ),
                repository,
            )
        )

    def start_session(self, arrival: Arrival, repository: ActorRef | None = None) -> ActorRef:
        return SessionActor.start(
            arrival,
            application=self.application,
            books=self.store,
            repository=repository or self.actors[0],
            requests=self.ears(),
            turns=self.turns,
            metrics=self.metrics,
            limits=self.limits,
        )

    def directory(self, *agreements: Agreement) -> ActorRef:
        """Return a directory, with a porter before it."""
        repository = self.repository()
        directory = self.booted(
            Directory.start(
                live=self.live,
                repository=repository,
                start_session=self.start_session,
                metrics=self.metrics,
                limits=self.limits,
            )
        )
        self.porter = self.booted(
            Porter.start(
                agreements=Agreements(agreements or (agreement(),)),
                live=self.live,
                directory=directory,
                metrics=self.metrics,
            )
        )
        return directory

    def end(self) -> None:
        # first the sessions: a directory would wait until their clients have answered its Logout
        sessions = [session.ref for session in self.live.all().values()]
        for ref in (*sessions, *reversed(self.actors)):
            with suppress(pykka.ActorDeadError):
                ref.stop(timeout=60)


@pytest.fixture
def world() -> Iterator[World]:
    """Lend a world, and stop what a test has started in it."""
    with lent_world() as world:
        yield world


@contextmanager
def lent_world() -> Iterator[World]:
    world = World()
    try:
        yield world
    finally:
        world.end()


def said(line: StubLine) -> list[str]:
    """Return what was written to a client, as people write it."""
    return shown(line.written)


def wait_for(line: StubLine, text: str) -> None:
    """Wait until something was said that begins so."""
    wait_until(
        lambda: any(each.startswith(text) for each in said(line)), 60, f"{text} among {said(line)}"
    )


def knock(world: World, text: str = LOGON, **more: object) -> StubLine:
    line = StubLine(**more)  # type: ignore[arg-type]  # as the test says
    tell(world.porter, knocked(line, text))
    return line


def wait_until_shown_out(line: StubLine) -> None:
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert line.sent == []


def live(world: World) -> LiveSession:
    wait_until(lambda: OMS in world.live.all(), 60, "the session to be live")
    return world.live.all()[OMS]


def outcome(world: World, name: str) -> float:
    return float(world.metrics.logons.labels(name)._value.get())


def fall_silent(session: LiveSession) -> None:
    session.life._heard_at -= 1000
