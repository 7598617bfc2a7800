"""What a session sends page by page: reports, what is asked for again, the orders of mass statuses.

Between two pages the session does what else there is to do. None is read while others have their
turn, or while the client has much to read already.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic
from typing import NamedTuple, assert_never

from loguru import logger

from fixengine.actors.gateway.clock import moment
from fixengine.actors.gateway.limits import SessionLimits
from fixengine.actors.gateway.listings import Listings
from fixengine.actors.gateway.room import Room
from fixengine.actors.gateway.turns import Turns
from fixengine.errors import UnavailableError
from fixengine.fix.effects import Disconnect, Effect, Fetch, Numbered
from fixengine.fix.session import Session, State
from fixengine.ports.fix import FixBooks, TakenSession
from fixengine.ports.lines import Line
from fixengine.supervision.actor import Actor
from fixengine.supervision.reminder import Reminder
from fixengine.supervision.retries import Retries
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.trading.application import Application
from fixengine.trading.values import Decision, Listing


class Kind(Enum):
    """What a page has."""

    REPORTS = auto()
    REPLAY = auto()
    LISTING = auto()


@dataclass(frozen=True, slots=True)
class PageDue:
    """Session → itself: send the next page of this kind."""

    kind: Kind


class Page(NamedTuple):
    """What there is to send: effects of the session's machine, or what the application decided."""

    effects: Sequence[Effect] = ()
    decision: Decision = Decision()


_UNREAD = Page((Disconnect("the client does not read what is sent"),))


class Pages:
    """Those of one session, whose actor is told when one is due."""

    def __init__(
        self,
        actor: Actor,
        *,
        session: Session,
        session_id: int,
        application: Application,
        books: FixBooks,
        line: Line,
        turns: Turns,
        metrics: GatewayMetrics,
        limits: SessionLimits,
    ) -> None:
        self._ref = actor.actor_ref
        self._session = session
        self._session_id = session_id
        self._application = application
        self._books = books
        self._turns = turns
        self._metrics = metrics
        self._limits = limits
        self._room = Room(line, limits)
        self._retries = Retries(first=0.05, cap=1.0)
        self._reports_wait = False
        self._replay: Fetch | None = None
        self._listings = Listings(books, session_id)
        self._reminders = {kind: Reminder(actor, PageDue(kind)) for kind in Kind}

    @property
    def are_too_many(self) -> bool:
        """Whether the client asked for so much that no more of it is read for now."""
        return self._is_active and len(self._listings) >= self._limits.listings

    def add_reports(self) -> None:
        """Take note that there are reports."""
        self._reports_wait = True
        self._go_on()

    def add(self, replay: Fetch | None, listings: Iterable[Listing]) -> None:
        """Take what the client asked for; only the last replay counts."""
        self._replay = replay or self._replay
        self._listings.add(listings)
        self._go_on()

    @contextmanager
    def next(self, kind: Kind, taken: TakenSession, *, is_free: bool) -> Iterator[Page | None]:
        """Lend the next page, for the body to store and send; None where it can't be had now.

        The actor is told again when it may be there, and when one more is due. If it is not
        `is_free` to send anything, it is told after the next `add`.
        """
        with self._turns.turn(self._ref, PageDue(kind)) as is_its_turn:
            if not is_its_turn:
                yield None
                return
            began = monotonic()
            page, wait = self._read(kind, taken) if is_free else (None, 0.0)
            yield page
            if kind is Kind.LISTING and page is not None:
                wait = (monotonic() - began) * self._limits.listing_rest
            self._reminders[kind].came()  # only now: what the body adds would set it at once
            if is_free and self._is_left(kind):
                self._reminders[kind].set(wait)

    def close(self) -> None:
        """Leave the turns to others."""
        self._turns.leave(self._ref)

    def _go_on(self) -> None:
        """Have the actor told of all that is left."""
        for kind, reminder in self._reminders.items():
            if self._is_left(kind):
                reminder.set()

    @property
    def _is_active(self) -> bool:
        return self._session.state is State.ACTIVE

    @property
    def _are_heard(self) -> bool:
        """Whether reports go out with their numbers, and to a client that counts them.

        Who goes on with old numbers does not count what has new ones. What waits behind a replay
        would be lost where the numbers begin anew before its end.
        """
        return self._session.next_in > 1 and not self._session.is_sending_again

    def _is_left(self, kind: Kind) -> bool:
        match kind:
            case Kind.REPORTS:
                return self._reports_wait and self._is_active and self._are_heard
            case Kind.REPLAY:
                return self._replay is not None
            case Kind.LISTING:  # who has logged out asks again when he is back
                return self._is_active and len(self._listings) > 0
            case _:
                assert_never(kind)

    def _read(self, kind: Kind, taken: TakenSession) -> tuple[Page | None, float]:
        """Return the next page, if it is there, and the seconds until one may be read again."""
        if not self._is_left(kind):
            return None, 0
        if not self._room.is_there():
            page = _UNREAD if self._room.is_given_up else None
            return page, self._limits.look_for_room_every
        try:
            page = self._page(kind, taken)
        except UnavailableError as error:
            logger.bind(kind=kind.name, reason=str(error)).debug("a page waits")
            return None, self._retries.next_wait()
        self._retries.reset()
        return page, 0

    def _page(self, kind: Kind, taken: TakenSession) -> Page | None:
        match kind:
            case Kind.REPORTS:
                return self._reports()
            case Kind.REPLAY:
                return self._sent_again(taken)
            case Kind.LISTING:
                listed = self._listings.next_page(self._limits.listed)
                return Page(decision=self._application.tell_status(listed))
            case _:
                assert_never(kind)

    def _reports(self) -> Page | None:
        """Tell the client what became of its orders."""
        self._reports_wait = False  # if they can't be read, somebody tells again that they wait
        found = self._books.reports(self._session_id, limit=self._limits.reports)
        self._reports_wait = len(found) == self._limits.reports
        return Page(decision=self._application.tell(found)) if found else None

    def _sent_again(self, taken: TakenSession) -> Page:
        wanted = self._replay
        assert wanted is not None, "nothing else is read"
        kept = self._books.sent(taken, wanted.first, wanted.last)
        self._replay = None
        self._metrics.sent_again.inc(len(kept))
        found = [Numbered(each.seq, each.kind, each.body, each.sent_at) for each in kept]
        return Page(self._session.fetched(moment(), wanted, found))
