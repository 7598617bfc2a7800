"""FIX sessions: pages of them, one by its id, and what it has sent."""

from dataclasses import replace

import falcon
import msgspec

from fixengine.http.rest.fix_answers import FixMessage, FixSession, fix_message, fix_session
from fixengine.http.rest.operations import Operation
from fixengine.http.rest.pages import link
from fixengine.http.rest.parameters import (
    PAGE_OF_MESSAGES,
    PAGE_OF_SESSIONS,
    SESSION,
    read_query,
)
from fixengine.ports.fix_queries import SentQuery, SessionQuery, SessionSource


class SessionCollection:
    """Pages of sessions, lowest id first."""

    operation = Operation(
        summary="FIX sessions of all gateways, lowest id first",
        answer=list[FixSession],
        query=PAGE_OF_SESSIONS,
        errors=(400, 503),
        paged=True,
    )

    def __init__(self, source: SessionSource) -> None:
        self._source = source

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with an array, and with a link to the next page when there is one."""
        query = SessionQuery(**read_query(req.params, PAGE_OF_SESSIONS))
        found = self._source.sessions(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        if len(found) > len(page):
            link(req, resp, after=page[-1].id)
        resp.data = msgspec.json.encode([fix_session(each) for each in page])


class SessionItem:
    """One session."""

    operation = Operation(summary="One FIX session", answer=FixSession, errors=(400, 404, 503))

    def __init__(self, source: SessionSource) -> None:
        self._source = source

    def on_get(self, req: falcon.Request, resp: falcon.Response, session: str) -> None:
        """Answer with an object; 404 when there is none of this id."""
        session_id = SESSION.read(session)
        read_query(req.params, ())
        found = self._source.sessions(SessionQuery(after=session_id - 1, limit=1))
        if not found or found[0].id != session_id:
            raise _no_session(session_id)
        resp.data = msgspec.json.encode(fix_session(found[0]))


class SessionMessages:
    """What a session has sent to its client, and would send again."""

    operation = Operation(
        summary="Messages that a FIX session has sent, decoded, lowest number first",
        answer=list[FixMessage],
        query=PAGE_OF_MESSAGES,
        errors=(400, 404, 503),
        paged=True,
    )

    def __init__(self, source: SessionSource) -> None:
        self._source = source

    def on_get(self, req: falcon.Request, resp: falcon.Response, session: str) -> None:
        """Answer with an array, and with a link to the next page when there is one."""
        session_id = SESSION.read(session)
        query = SentQuery(session_id=session_id, **read_query(req.params, PAGE_OF_MESSAGES))
        found = self._source.sent(replace(query, limit=query.limit + 1))
        if found is None:
            raise _no_session(session_id)
        page = found.messages[: query.limit]
        if len(found.messages) > len(page):
            link(req, resp, generation=found.generation, after=page[-1].seq)
        resp.data = msgspec.json.encode([fix_message(each, found) for each in page])


def _no_session(session_id: int) -> falcon.HTTPNotFound:
    return falcon.HTTPNotFound(description=f"there is no FIX session with id {session_id}")
