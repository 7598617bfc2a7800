"""The gateway's repository: the connection that holds the sessions makes all their writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from loguru import logger

from fixengine.actors.gateway.messages import (
    BeginAnew,
    CommitWork,
    ReleaseSession,
    SessionAnswered,
    SessionsLost,
    SessionsWanted,
    TakeSession,
)
from fixengine.actors.storage.database_watch import DatabaseWatch
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.actors.storage.schema_watch import SchemaWatch
from fixengine.errors import RejectedError, SchemaError, UnavailableError
from fixengine.ports.fix import FixSessions, Work
from fixengine.ports.stores import Schema
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.reply import Reply
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.gateway import GatewayMetrics

LOOK_SECONDS = 1.0
"""From one look for wanted sessions to the next; each shows the server that the gateway lives."""

_Asked: TypeAlias = tuple[Work, Reply[None]]


@dataclass(frozen=True, slots=True)
class _Connect:
    """Repository → itself: reach the database, with the schema that it has to have."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Repository → itself: who wants sessions that are held here?"""


@dataclass(frozen=True, slots=True)
class _Commit:
    """Repository → itself: store what was asked for until now."""


_Received: TypeAlias = (
    BeginAnew | TakeSession | ReleaseSession | CommitWork | _Connect | _Look | _Commit
)


class SessionRepository(Actor):
    """Stores the work of many sessions with one transaction.

    When the connection fails, the locks of all sessions may be gone: all of them are dropped.
    """

    closes_within = 0.3

    def __init__(
        self,
        *,
        schema: Schema,
        sessions: FixSessions,
        health: Health,
        metrics: GatewayMetrics,
        limits: StorageLimits = STORAGE_LIMITS,
    ) -> None:
        super().__init__()
        self._sessions = sessions
        self._schema = SchemaWatch(schema, health, limits)
        self._database = DatabaseWatch(health)
        self._health = health
        self._metrics = metrics
        self._directory: ActorRef | None = None
        self._asked: list[_Asked] = []
        self._retries = Retries(first=0.2, cap=5.0)
        self._is_open = False

    def boot(self) -> None:
        self.actor_ref.tell(_Connect())
        self.tell_later(LOOK_SECONDS, _Look())

    def receive(self, message: _Received) -> Any:
        match message:
            case CommitWork(work=work):
                return self._collect(work, self.answer_later(message))
            case _Commit():
                return self._commit()
            case TakeSession():
                return self._take(message)
            case ReleaseSession(session_id=session_id):
                return self._release(session_id)
            case BeginAnew(reply_to=reply_to):
                return self._begin_anew(reply_to)
            case _Look():
                return self._look()
            case _Connect():
                return self._connect()
            case _:
                assert_never(message)

    def close(self) -> None:
        self._sessions.close()
        self._fail(UnavailableError("the gateway stops before this is stored"))

    def _collect(self, work: Work, reply: Reply[None]) -> None:
        self._asked.append((work, reply))
        if len(self._asked) == 1:
            self.actor_ref.tell(_Commit())

    def _commit(self) -> None:
        asked, self._asked = self._asked, []
        self._store(asked)

    def _store(self, asked: Sequence[_Asked]) -> None:
        if not self._is_open:
            self._asked = [*asked]
            self._fail(UnavailableError("the database is away"))
            return
        try:
            with self._metrics.commit_seconds.time():
                stored = self._sessions.commit([work for work, _ in asked])
        except RejectedError as error:
            if len(asked) > 1:
                for each in asked:
                    self._store([each])
            else:
                asked[0][1].fail(error)
            return
        except UnavailableError as error:
            self._asked = [*asked]
            self._broke(error)
            return
        self._metrics.commit_size.observe(len(asked))
        for work, reply in asked:
            if work.session_id in stored:
                reply.set(None)
            else:
                reply.fail(UnavailableError("another gateway has the session"))

    def _take(self, message: TakeSession) -> None:
        taken, why = None, "the database is away"
        if self._is_open:
            try:
                taken = self._sessions.take(message.identity, began_since=message.began_since)
                why = ""
            except UnavailableError as error:
                why = str(error)
                self._broke(error)
        self._say(SessionAnswered(identity=message.identity, taken=taken, error=why))

    def _release(self, session_id: int) -> None:
        if self._is_open:
            try:
                self._sessions.release(session_id)
            except UnavailableError as error:
                self._broke(error)

    def _begin_anew(self, directory: ActorRef) -> None:
        self._sessions.close()
        if self._is_open:
            self._is_open = False
            self.actor_ref.tell(_Connect())
        self._directory = directory

    def _look(self) -> None:
        self.tell_later(LOOK_SECONDS, _Look())
        if not self._is_open:
            return
        try:
            wanted = self._sessions.wanted()
        except UnavailableError as error:
            self._broke(error)
            return
        if wanted:
            self._say(SessionsWanted(session_ids=wanted))
        try:
            self._schema.look()
        except UnavailableError as error:  # of another connection: the sessions are still held
            logger.bind(reason=str(error)).debug("the schema was not looked at")

    def _connect(self) -> None:
        if self._is_open:
            return
        try:
            self._schema.prepare()
            self._sessions.open()
        except SchemaError as error:
            self._health.up(Part.DATABASE)
            self._health.down(Part.SCHEMA, str(error))
            self.tell_later(self._retries.next_wait(), _Connect())
        except UnavailableError as error:
            self._database.away(error)
            self.tell_later(self._retries.next_wait(), _Connect())
        else:
            self._retries.reset()
            self._is_open = True
            self._database.there()

    def _broke(self, error: UnavailableError) -> None:
        """Drop all sessions: nobody knows whether they are still held."""
        self._is_open = False
        self._sessions.close()
        self._database.away(error)
        self._fail(error)
        self._say(SessionsLost(reason=str(error)))
        self.tell_later(self._retries.next_wait(), _Connect())

    def _fail(self, error: UnavailableError) -> None:
        asked, self._asked = self._asked, []
        for _, reply in asked:
            reply.fail(error)

    def _say(self, news: object) -> None:
        if self._directory is None:
            logger.debug("nobody has begun to take sessions")
        else:
            tell(self._directory, news)
