"""What REST reads of sessions, and what the metrics count of them."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from psycopg.rows import args_row, kwargs_row

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.book_rows import sent_of
from fixengine.infra.postgres.fix.sessions import FIX_LOCK_CLASS
from fixengine.ports.fix_queries import (
    FixBacklog,
    SentPage,
    SentQuery,
    SessionQuery,
    ShownSession,
)

_SHOWN = ShownSession.__struct_fields__


class PostgresSessionQueries:
    """See `SessionQueries`: how long the server looks for an answer is the database's to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sessions(self, criteria: SessionQuery, *, timeout: float) -> tuple[ShownSession, ...]:
        """Find sessions that somebody has logged on by."""
        parameters = {**asdict(criteria), "lock_class": FIX_LOCK_CLASS}
        return self._database.rows(args_row(_shown), "fix_page_sessions", parameters, timeout)

    def sent(self, criteria: SentQuery, *, timeout: float) -> SentPage | None:
        """Find what a session has sent; None when there is no such session."""
        just_this = SessionQuery(after=criteria.session_id - 1, limit=1)
        found = self.sessions(just_this, timeout=timeout)
        if not found or found[0].id != criteria.session_id:
            return None
        (session,) = found
        generation = criteria.generation or session.generation
        parameters = {**asdict(criteria), "generation": generation}
        messages = self._database.rows(args_row(sent_of), "fix_page_sent", parameters, timeout)
        return SentPage(session.begin, generation, messages)

    def backlog(self, session_ids: Collection[int], *, timeout: float) -> FixBacklog:
        """Count what waits to be told to these sessions, and what is undecided of any."""
        rows = self._database.rows(
            kwargs_row(FixBacklog), "fix_backlog", {"ids": [*session_ids]}, timeout
        )
        (backlog,) = rows
        return backlog


def _shown(*values: Any) -> ShownSession:
    return ShownSession(**dict(zip(_SHOWN, values, strict=False)))
