"""The directory: who waits for a session, and which sessions are logged on here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeAlias, assert_never

from loguru import logger

from fixengine.actors.gateway.arrival import Arrival
from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.live import Life, LiveSession, LiveSessions
from fixengine.actors.gateway.messages import (
    Admitted,
    BeginAnew,
    DropLine,
    Knocked,
    LogOut,
    ReleaseSession,
    SessionAnswered,
    SessionEnded,
    SessionsLost,
    SessionsWanted,
    TakeSession,
)
from fixengine.actors.gateway.way_out import WayOut, shown
from fixengine.config.fix_sessions import Agreement
from fixengine.fix import tags
from fixengine.fix.message import whole
from fixengine.fix.session import LOGOUT_SECONDS
from fixengine.ports.fix import Identity, TakenSession
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.reminder import Reminder
from fixengine.telemetry.metrics.gateway import GatewayMetrics

_TRY_EVERY = 0.25

DRAINED_WITHIN = LOGOUT_SECONDS + 0.2
"""Seconds for all clients to answer our Logout when the gateway stops."""


@dataclass(slots=True)
class _Visitor:
    """A client that may log on, and waits for its session; `until` is a monotonic time.

    `waits_for` is what it is shown out for then.
    """

    agreement: Agreement
    knocked: Knocked
    until: float
    waits_for: str = "database_away"


@dataclass(frozen=True, slots=True)
class _TryAgain:
    """Directory → itself: see to those who wait."""


_Received: TypeAlias = (
    Admitted | SessionAnswered | SessionsWanted | SessionsLost | SessionEnded | _TryAgain
)


class Directory(Actor):
    """Has whoever may log on wait until its session is free, and then starts the session's actor.

    It never waits for the database, or for a password: one client holds up no other.
    """

    closes_within = DRAINED_WITHIN

    def __init__(
        self,
        *,
        live: LiveSessions,
        repository: ActorRef,
        start_session: Callable[[Arrival], ActorRef],
        metrics: GatewayMetrics,
        limits: SessionLimits = SESSION_LIMITS,
    ) -> None:
        """Take the parts; `start_session` starts a session's actor, which has not booted."""
        super().__init__()
        self._sessions = live
        self._repository = repository
        self._start_session = start_session
        self._limits = limits
        self._visitors: dict[Identity, _Visitor] = {}
        self._asked: dict[Identity, datetime] = {}  # of the repository, which has not answered
        self._next_try = Reminder(self, _TryAgain())
        self._logs_out = False
        self._way_out = WayOut(metrics)

    def boot(self) -> None:
        for identity in self._sessions.all():  # of a directory that crashed in its `close`
            self._sessions.remove(identity)
        tell(self._repository, BeginAnew(reply_to=self.actor_ref))

    def receive(self, message: _Received) -> Any:
        match message:
            case Admitted(agreement=agreement, knocked=knocked):
                return self._admitted(agreement, knocked)
            case SessionAnswered():
                return self._answered(message)
            case SessionEnded(identity=identity, session_id=session_id):
                return self._ended(identity, session_id)
            case SessionsWanted(session_ids=session_ids):
                return self._wanted(session_ids)
            case SessionsLost(reason=reason):
                return self._lost(reason)
            case _TryAgain():
                return self._try_again()
            case _:
                assert_never(message)

    def close(self) -> None:
        """Log all clients out, and wait until they have answered; then end what is left.

        Each may go on at another gateway as soon as it has answered.
        """
        until = self.close_by(DRAINED_WITHIN)
        self._logs_out = True
        for admitted in self.actor_inbox.waiting(Admitted):
            admitted.knocked.line.close()
        for visitor in self._visitors.values():
            visitor.knocked.line.close()
        sessions = self._sessions.all()
        for session in sessions.values():
            tell(session.ref, LogOut(text="the gateway stops: log on again"))
        for identity, session in sessions.items():
            mailbox_of(session.ref).thread.join(max(until - monotonic(), 0))
            session.ref.stop(block=False)
            self._sessions.remove(identity)
        self._logs_out = False

    def _admitted(self, agreement: Agreement, knocked: Knocked) -> None:
        live = self._sessions.all().get(agreement.identity)
        if live is not None and live.life.is_shown:  # another was first
            self._way_out.show(knocked.line, agreement.identity, "second_connection")
            return
        self._let_wait(_Visitor(agreement, knocked, monotonic() + self._limits.taken_within))
        if live is None:
            self._ask_for(agreement)
        else:  # its end is told
            tell(live.ref, DropLine(why="the client is back on another connection"))

    def _let_wait(self, visitor: _Visitor) -> None:
        identity = visitor.agreement.identity
        before = self._visitors.pop(identity, None)
        if before is not None:
            before.knocked.line.close()  # the client has given it up
        self._visitors[identity] = visitor
        self._next_try.set(_TRY_EVERY)

    def _try_again(self) -> None:
        self._next_try.came()
        for identity, visitor in tuple(self._visitors.items()):
            if monotonic() >= visitor.until:
                del self._visitors[identity]
                self._way_out.show(visitor.knocked.line, identity, visitor.waits_for)
            elif identity not in self._sessions.all():
                self._ask_for(visitor.agreement)
        if self._visitors:
            self._next_try.set(_TRY_EVERY)

    def _ask_for(self, agreement: Agreement) -> None:
        identity = agreement.identity
        if identity not in self._asked:
            now = self._asked[identity] = datetime.now(UTC)
            began_since = agreement.day.last_reset(now)
            tell(self._repository, TakeSession(identity=identity, began_since=began_since))

    def _answered(self, answer: SessionAnswered) -> None:
        asked_at = self._asked.pop(answer.identity)
        visitor = self._visitors.get(answer.identity)
        if answer.taken is None:
            if visitor is not None:
                visitor.waits_for = "database_away" if answer.error else "held_elsewhere"
            logger.bind(client=shown(answer.identity), reason=answer.error).debug(
                "a session is not free"
            )
        elif visitor is None:
            tell(self._repository, ReleaseSession(session_id=answer.taken.id))
        else:
            del self._visitors[answer.identity]
            self._start(visitor, answer.taken, asked_at)

    def _start(self, visitor: _Visitor, taken: TakenSession, asked_at: datetime) -> None:
        """Start its actor; the day ends after the moment for which the numbers were taken."""
        agreement, knocked = visitor.agreement, visitor.knocked
        identity = agreement.identity
        life = Life(whole(knocked.knock.logon.get(tags.HEART_BT_INT)) or 0)
        arrival = Arrival(
            agreement=agreement,
            taken=taken,
            knocked=knocked,
            life=life,
            day_ends=agreement.day.next_reset(asked_at),
        )
        ref = self._start_session(arrival)
        self._sessions.put(identity, LiveSession(session_id=taken.id, ref=ref, life=life))
        ended = SessionEnded(identity=identity, session_id=taken.id)
        ref.tell(Boot(name=shown(identity), on_exit=lambda _crash: self._is_over(ended)))

    def _is_over(self, ended: SessionEnded) -> None:
        """Take note of it, in the session's thread."""
        if self._logs_out:  # the directory takes no messages any more
            tell(self._repository, ReleaseSession(session_id=ended.session_id))
        else:
            self._tell_self(ended)

    def _ended(self, identity: Identity, session_id: int) -> None:
        self._sessions.remove(identity)
        tell(self._repository, ReleaseSession(session_id=session_id))
        visitor = self._visitors.get(identity)
        if visitor is not None:
            self._ask_for(visitor.agreement)

    def _wanted(self, session_ids: frozenset[int]) -> None:
        for session in self._sessions.all().values():
            if session.session_id in session_ids and not session.life.is_shown:
                tell(session.ref, DropLine(why="the client has come to another gateway"))

    def _lost(self, reason: str) -> None:
        for session in self._sessions.all().values():
            tell(session.ref, DropLine(why=f"the session is no longer held: {reason}"))
