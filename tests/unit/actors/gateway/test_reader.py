"""The gateway's reader: it adds what only this gateway knows, and counts what waits."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, time

import pytest

from fixengine.actors.gateway.live import Life, LiveSession
from fixengine.actors.gateway.messages import GetSent, GetSessions
from fixengine.actors.gateway.reader import SessionReader, SessionReads
from fixengine.actors.reading.reader_pool import Readers
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.ports.fix import Identity
from fixengine.ports.fix_queries import (
    FixBacklog,
    SentPage,
    SentQuery,
    SessionQuery,
    ShownSession,
)
from fixengine.supervision.refs import ActorRef, ask
from tests.unit.actors.gateway.conftest import World

OMS = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
SESSION = ShownSession(
    id=3,
    begin=OMS.begin,
    own=OMS.own,
    peer=OMS.peer,
    is_held=True,
    owner="gateway",
    epoch=1,
    generation=1,
    began_at=datetime(2026, 7, 28, tzinfo=UTC),
    next_in=1,
    next_out=1,
    seen_at=None,
    reset_wanted=False,
    reports=0,
    requests=0,
)


@dataclass
class Queries:
    """A session in memory; `counted` are the ids of each count."""

    is_away: bool = False
    counted: list[Collection[int]] = field(default_factory=list)

    def sessions(self, query: SessionQuery, *, timeout: float) -> tuple[ShownSession, ...]:
        self._begin(timeout)
        return (SESSION,)[: query.limit]

    def sent(self, query: SentQuery, *, timeout: float) -> SentPage | None:
        self._begin(timeout)
        return SentPage(OMS.begin, query.generation or 1, ())

    def backlog(self, session_ids: Collection[int], *, timeout: float) -> FixBacklog:
        self._begin(timeout)
        self.counted.append(session_ids)
        return FixBacklog(7, 8.5, 9, 10.5, time() + 3600)

    def _begin(self, timeout: float) -> None:
        assert timeout > 0
        if self.is_away:
            raise UnavailableError("the database is away")


@pytest.fixture
def queries() -> Queries:
    return Queries()


@pytest.fixture
def reader(world: World, queries: Queries) -> ActorRef:
    return world.booted(
        SessionReader.start(queries=queries, live=world.live, metrics=world.metrics)
    )


def shown(reader: ActorRef) -> ShownSession:
    reads = SessionReads(Readers(("reader",), {"reader": reader}.get))
    (session,) = reads.sessions(SessionQuery())
    return session


def test_a_client_that_is_elsewhere_is_shown_as_the_database_has_it(reader: ActorRef) -> None:
    assert shown(reader) == SESSION


def test_of_a_client_that_is_here_it_is_known_when_it_was_heard_and_what_it_owes(
    world: World, reader: ActorRef
) -> None:
    life = Life(30)
    before = datetime.now(UTC)
    life.heard()
    life.missing_before = 12
    world.live.put(OMS, LiveSession(session_id=3, ref=world.ears(), life=life))
    session = shown(reader)
    assert session.missing_before == 12
    assert session.heard_at is not None
    assert abs((session.heard_at - before).total_seconds()) < 60


def test_of_a_client_whose_connection_is_gone_nothing_is_known(
    world: World, reader: ActorRef
) -> None:
    life = Life(30)
    life.ended()
    world.live.put(OMS, LiveSession(session_id=3, ref=world.ears(), life=life))
    assert shown(reader) == SESSION


def test_what_a_session_sent_is_found(reader: ActorRef) -> None:
    reads = SessionReads(Readers(("reader",), {"reader": reader}.get))
    assert reads.sent(SentQuery(session_id=3, generation=5)) == SentPage(OMS.begin, 5, ())


def test_a_question_that_waited_too_long_is_not_begun(reader: ActorRef) -> None:
    late = monotonic()
    with pytest.raises(UnavailableError, match="too late"):
        ask(reader, GetSessions(query=SessionQuery(), deadline=late), timeout=60)
    with pytest.raises(UnavailableError, match="too late"):
        ask(reader, GetSent(query=SentQuery(session_id=3), deadline=late), timeout=60)


def test_what_waits_for_those_who_are_logged_on_is_counted(world: World, queries: Queries) -> None:
    world.live.put(OMS, LiveSession(session_id=3, ref=world.ears(), life=Life(30)))
    world.booted(SessionReader.start(queries=queries, live=world.live, metrics=world.metrics))
    wait_until(lambda: queries.counted, 60, "a count")
    assert queries.counted[0] == [3]
    value = world.metrics.oldest_request_age.collect
    wait_until(lambda: next(iter(value())).samples[0].value, 60, "the metrics")
    gauges = (
        world.metrics.reports_waiting,
        world.metrics.oldest_report_age,
        world.metrics.requests_undecided,
        world.metrics.oldest_request_age,
    )
    assert [next(iter(each.collect())).samples[0].value for each in gauges] == [7, 8.5, 9, 10.5]
    (ahead,) = next(iter(world.metrics.clock_ahead.collect())).samples
    assert -3600 <= ahead.value < -3000


def test_that_nothing_can_be_counted_is_said(
    world: World, queries: Queries, events: list[str]
) -> None:
    queries.is_away = True
    world.booted(SessionReader.start(queries=queries, live=world.live, metrics=world.metrics))
    wait_until(lambda: "what waits can't be counted" in events, 60, "the outage to be said")
