"""Connections whose statements write spans when they are made for something that is traced."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import psycopg
from psycopg.abc import Params, Query
from psycopg.rows import TupleRow

from fixengine.telemetry.calls import call, current_place
from fixengine.telemetry.spans import By


class TracedConnection(psycopg.Connection[TupleRow]):
    """A connection of the driver's."""

    where: Mapping[str, str | int] = {}
    """What the spans of its statements say of the server."""

    @classmethod
    def connect(cls, conninfo: str = "", **settings: Any) -> Self:
        """Connect as the driver does."""
        connection = super().connect(conninfo, cursor_factory=_TracedCursor, **settings)
        info = connection.info
        connection.where = {
            "db.system": "postgresql",
            "db.name": info.dbname,
            "db.statement": "",
            "db.user": info.user,
            "net.peer.name": info.host,
            "net.peer.port": info.port,
        }
        return connection


class _TracedCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Params | None = None, **how: Any) -> Self:
        place = current_place()
        if place is None:
            return super().execute(query, params, **how)
        with call(place, By.PSYCOPG, *self._told(query)):
            return super().execute(query, params, **how)

    def executemany(self, query: Query, params_seq: Iterable[Params], **how: Any) -> None:
        place = current_place()
        if place is None:
            return super().executemany(query, params_seq, **how)
        with call(place, By.PSYCOPG, *self._told(query)):
            return super().executemany(query, params_seq, **how)

    def _told(self, query: Query) -> tuple[str, Mapping[str, str | int]]:
        """Return a span's name and attributes."""
        connection = self.connection
        assert isinstance(connection, TracedConnection), "it made this cursor"
        statement = query.decode() if isinstance(query, bytes) else str(query)
        # the instrumentation finds the first word only in what is no bytes
        name = statement.split()[0] if isinstance(query, str) else connection.where["db.name"]
        return str(name), {**connection.where, "db.statement": statement}
