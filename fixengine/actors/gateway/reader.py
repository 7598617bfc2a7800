"""The gateway's reader: questions of REST, and a count of what waits, beside the writes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import assert_never

from msgspec.structs import replace

from fixengine.actors.gateway.live import LiveSessions
from fixengine.actors.gateway.messages import GetSent, GetSessions
from fixengine.actors.reading.reader_pool import ANSWER_WITHIN, Readers, begin_by
from fixengine.errors import UnavailableError
from fixengine.ports.fix import Identity
from fixengine.ports.fix_queries import (
    SentPage,
    SentQuery,
    SessionQueries,
    SessionQuery,
    ShownSession,
)
from fixengine.supervision.actor import Actor
from fixengine.telemetry.clocks import ClockWatch
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.telemetry.outage import Outage

COUNT_EVERY = 5.0
"""Seconds from one count of what waits to the next."""


@dataclass(frozen=True, slots=True)
class _Count:
    """Reader → itself: how much waits?"""


class SessionReader(Actor):
    """Queries, one at a time. That the database can't answer is the repository's to say."""

    def __init__(
        self, *, queries: SessionQueries, live: LiveSessions, metrics: GatewayMetrics
    ) -> None:
        super().__init__()
        self._queries = queries
        self._sessions = live
        self._metrics = metrics
        self._clocks = ClockWatch(metrics.clock_ahead)
        self._outage = Outage("what waits can't be counted", "what waits is counted again")

    def boot(self) -> None:
        self.actor_ref.tell(_Count())

    def receive(self, message: GetSessions | GetSent | _Count) -> object:
        match message:
            case GetSessions(query=query):
                found = self._queries.sessions(query, timeout=message.time_left())
                return message.answer(tuple(map(self._with_client, found)))
            case GetSent(query=query):
                return message.answer(self._queries.sent(query, timeout=message.time_left()))
            case _Count():
                self._count()
                self.tell_later(COUNT_EVERY, message)
                return None
            case _:
                assert_never(message)

    def _with_client(self, session: ShownSession) -> ShownSession:
        """Add what is known of a client that is logged on here."""
        live = self._sessions.all().get(Identity(session.begin, session.own, session.peer))
        if live is None or live.life.silence == inf:
            return session
        return replace(
            session,
            heard_at=datetime.now(UTC) - timedelta(seconds=live.life.silence),
            missing_before=live.life.missing_before,
        )

    def _count(self) -> None:
        ids = [each.session_id for each in self._sessions.all().values()]
        asked_at = self._clocks.now()
        try:
            backlog = self._queries.backlog(ids, timeout=ANSWER_WITHIN)
        except UnavailableError as error:
            self._outage.begin(str(error))
            return
        self._outage.end()
        self._clocks.compare(backlog.clock, asked_at=asked_at)
        metrics = self._metrics
        metrics.reports_waiting.set(backlog.reports)
        metrics.oldest_report_age.set(backlog.oldest_report_age)
        metrics.requests_undecided.set(backlog.requests)
        metrics.oldest_request_age.set(backlog.oldest_request_age)


class SessionReads:
    """What REST holds of the reader; for use from any thread.

    Both methods raise UnavailableError when there is no answer in time.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def sessions(self, query: SessionQuery) -> tuple[ShownSession, ...]:
        """Find sessions that somebody has logged on by."""
        return self._readers.ask(GetSessions(query=query, deadline=begin_by()))

    def sent(self, query: SentQuery) -> SentPage | None:
        """Find what a session has sent; None when there is no such session."""
        return self._readers.ask(GetSent(query=query, deadline=begin_by()))
