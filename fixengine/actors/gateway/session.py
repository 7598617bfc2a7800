"""A session actor: one client that is logged on, from its Logon to the end of its connection.

What comes is taken in steps: the session's machine says what there is to do, the application what
to answer, the repository stores all of it at once, and only then do bytes go out. If anything of
that fails, the connection is closed without a word: the client knows nothing of the step, and asks
for it again.

The module is longer than others: all of it is the order of these things.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias, assert_never

from loguru import logger
from msgspec.structs import replace

from fixengine.actors.gateway.arrival import Arrival
from fixengine.actors.gateway.clock import moment
from fixengine.actors.gateway.complaints import Complaints
from fixengine.actors.gateway.inbox import Inbox
from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.messages import (
    BytesCame,
    CommitWork,
    DropLine,
    LineLost,
    LogOut,
    ReportsWait,
    RequestsStored,
)
from fixengine.actors.gateway.pages import Kind, PageDue, Pages
from fixengine.actors.gateway.schedule import Schedule
from fixengine.actors.gateway.step import Step
from fixengine.actors.gateway.turns import Turns
from fixengine.errors import RejectedError, UnavailableError
from fixengine.fix.effects import Effect
from fixengine.fix.message import Message
from fixengine.fix.session import Session
from fixengine.ports.fix import FixBooks
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.trading.application import Application
from fixengine.trading.values import Decision, Look


@dataclass(frozen=True, slots=True)
class _Begin:
    """Session → itself: answer the Logon."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """Session → itself: do what the time asks for."""


@dataclass(frozen=True, slots=True)
class _DecideAgain:
    """Session → itself: what was delivered could not be decided, try it once more."""


_Received: TypeAlias = (
    BytesCame | LineLost | ReportsWait | LogOut | DropLine | _Begin | _Pass | PageDue | _DecideAgain
)


_TOO_LOW = "too low"
"""How we, and most other engines of FIX, say that a number came before."""


class SessionActor(Actor):
    """Drives a session. It ends with its connection, or when the session is no longer held.

    It is whole with more than ten attributes: they are its parts, and how far it is.
    """

    def __init__(
        self,
        arrival: Arrival,
        *,
        application: Application,
        books: FixBooks,
        repository: ActorRef,
        requests: ActorRef,
        turns: Turns,
        metrics: GatewayMetrics,
        limits: SessionLimits = SESSION_LIMITS,
    ) -> None:
        super().__init__()
        settings, taken = arrival.agreement.session_settings, arrival.taken
        self._session = Session(settings, next_in=taken.next_in, next_out=taken.next_out)
        self._taken = taken  # with the numbers that are stored
        self._knocked = arrival.knocked
        self._line = arrival.knocked.line
        self._application = application
        self._books = books
        self._repository = repository
        self._requests = requests
        self._metrics = metrics
        self._limits = limits
        self._life = arrival.life
        self._schedule = Schedule(
            lambda seconds: self.tell_later(seconds, _Pass()), day_ends=arrival.day_ends
        )
        self._inbox = Inbox(self.actor_ref, arrival.life)
        self._held: Step | None = None  # it can't be decided yet
        self._pages = Pages(
            self,
            session=self._session,
            session_id=taken.id,
            application=application,
            books=books,
            line=self._line,
            turns=turns,
            metrics=metrics,
            limits=limits,
        )
        self._retries = Retries(first=0.05, cap=1.0)
        self._over = False
        self._complaints = Complaints()

    def boot(self) -> None:
        self.actor_ref.tell(_Begin())

    def receive(self, message: _Received) -> Any:
        if self._over:
            return None
        match message:
            case BytesCame():
                self._read()
            case _Pass():
                self._pass()
            case ReportsWait():
                self._pages.add_reports()
            case PageDue(kind=kind):
                self._send_page(kind)
            case _DecideAgain():
                self._decide_again()
            case _Begin():
                self._begin()
            case LogOut(text=text):
                self._log_out(text)
            case LineLost() | DropLine():
                self._lose(message)
            case _:
                assert_never(message)
        return None

    def close(self) -> None:
        self._session.lose()
        self._line.close()
        self._pages.close()

    def _begin(self) -> None:
        now = moment()
        knock, framer = self._knocked.knock, self._knocked.framer
        self._advance(self._session.accept(now, knock.logon, framer))
        if self._over:
            self._metrics.logons.labels("refused").inc()
            return
        self._metrics.logons.labels("logged_on").inc()
        logger.bind(address=self._line.address, next_in=self._taken.next_in).info(
            "client has logged on"
        )
        self._line.pass_to(self._inbox)
        self._pages.add_reports()
        self._read_on()

    def _read(self) -> None:
        """Take bytes that came, all at once: one transaction has them."""
        if self._held is None and not self._pages.are_too_many:
            taken = self._inbox.take(self._limits.read_bytes)
            self._advance(self._session.received(moment(), taken), len(taken))
            self._read_on()

    def _read_on(self) -> None:
        """Take what was left of what came: what came before it is answered."""
        while self._session.has_more and self._held is None and not self._over:
            self._advance(self._session.received(moment(), b""))

    def _advance(self, effects: Sequence[Effect], size: int = 0) -> None:
        step = Step(self._taken.generation, size=size)
        step.add(effects)
        self._settle(step)

    def _settle(self, step: Step) -> None:
        try:
            decision = self._decided(step.delivered)
        except UnavailableError as error:
            self._hold(step, error)
            return
        self._held = None
        self._retries.reset()
        self._finish(step, decision)
        if step.size:
            self._line.handled(step.size)

    def _decided(self, messages: Sequence[Message]) -> Decision:
        if not messages:
            return Decision()
        needs = self._application.needs(messages)
        if any(needs):
            look = self._books.look(self._taken.id, needs.cl_ord_ids, new_orders=needs.new_orders)
        else:
            look = Look(known={}, numbers=(), now=moment().utc)
        return self._application.decide(messages, look)

    def _hold(self, step: Step, error: UnavailableError) -> None:
        """Try again later: nothing is refused because we can't look. The client has to wait."""
        self._held = step
        if monotonic() - step.began >= self._limits.patience:
            self._end_session(f"nothing could be decided: {error}")
        elif self._is_shown_alive(step):
            logger.bind(reason=str(error)).debug("a session waits")
            self.tell_later(self._retries.next_wait(), _DecideAgain())

    def _is_shown_alive(self, step: Step) -> bool:
        """Send what the session itself has to say, a Heartbeat if one is due; say if all is well.

        What the client sent is not taken by this: should we fail, it is asked for again.
        """
        if step.closes is not None or step.generation != self._taken.generation:
            return True  # the rest has to come first
        step.add(self._session.waited(moment()))
        if not self._stored(step, Decision(), next_in=self._taken.next_in):
            return False
        if step.out:
            self._line.send(bytes(step.out))
            step.out.clear()
        return True

    def _decide_again(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._settle(held)
            self._read_on()
            self._inbox.remind()

    def _finish(self, step: Step, decision: Decision) -> None:
        """Store a step and all that was decided, then let the client know."""
        now = moment()
        for reply in decision.replies:
            step.add(self._session.send(now, reply.kind, reply.fields), reply)
        if not self._stored(step, decision, next_in=self._session.next_in):
            return
        self._life.missing_before = self._session.missing_before
        if step.delivered or step.sent:
            self._metrics.passed(
                came=[each.kind for each in step.delivered],
                went=[each.kind for each in step.sent],
                seconds=monotonic() - step.began,
            )
        self._complaints.hear(step.delivered)
        self._complaints.abandon(step.abandoned)
        self._metrics.passed_over.inc(len(step.ignored))
        if step.closes is not None:
            self._life.ended()  # first: the client may be back as soon as it has read this
        if step.out:
            self._line.send(bytes(step.out))
        if decision.requests:
            tell(self._requests, RequestsStored())
        self._pages.add(step.fetch, decision.listings)
        if step.closes is None:
            self._schedule.arm(self._session.due, moment())
        else:
            self._end_session(step.closes)

    def _stored(self, step: Step, decision: Decision, *, next_in: int) -> bool:
        """Store what a step leaves, if anything; end the session if that fails."""
        after = replace(
            self._taken,
            generation=step.generation,
            next_in=next_in,
            next_out=self._session.next_out,
        )
        if after == self._taken and not decision.told:
            return True
        work = step.work(after, decision)
        try:
            ask(self._repository, CommitWork(work=work), timeout=self._limits.commit_within)
        except RejectedError as error:
            logger.bind(reason=str(error)).error("the database refuses the work of a session")
            self._end_session("the database refuses its work")
            return False
        except UnavailableError as error:
            self._end_session(f"its work is not stored: {error}")
            return False
        self._taken = after
        return True

    def _send_page(self, kind: Kind) -> None:
        """Send a page, if it can be had now."""
        with self._pages.next(kind, self._taken, is_free=self._held is None) as page:
            if page is not None:
                step = Step(self._taken.generation)
                step.add(page.effects)
                self._finish(step, page.decision)
        if kind is Kind.LISTING:
            self._inbox.remind()  # what came may have waited for this

    def _pass(self) -> None:
        self._schedule.told()
        if self._held is not None:
            return
        now = moment()
        if self._schedule.day_is_over(now):
            self._advance(self._session.leave(now, "the day is over: log on again"))
        else:
            if not self._inbox.is_empty:  # this came first, or nothing may be read for now
                self._session.heard(now)
            self._advance(self._session.passed(now))

    def _log_out(self, text: str) -> None:
        if self._held is None:
            self._advance(self._session.leave(moment(), text))
        else:
            self._end_session(text)

    def _lose(self, news: LineLost | DropLine) -> None:
        """End. A lost line is told again when a step that waits is settled, which goes first."""
        if self._held is None or isinstance(news, DropLine):
            self._end_session(news.why)

    def _end_session(self, why: str) -> None:
        if not self._over:
            self._over = True
            self._life.ended()
            taken = self._taken
            said = {"reason": why, "next_in": taken.next_in, "next_out": taken.next_out}
            logger.bind(**said).info("session ends")
            if _TOO_LOW in why:
                logger.bind(**said).warning("the client counts other numbers than the database")
            self.stop()
