"""Executions: one by its id, and pages of them."""

from dataclasses import replace
from urllib.parse import urlencode

import falcon

from fixengine.http.parameters import read_id, read_query
from fixengine.http.problems import ParameterError
from fixengine.ports import ExecutionReader
from fixengine.wire import encode_execution


class ExecutionCollection:
    """Pages of executions, highest id first."""

    def __init__(self, reader: ExecutionReader) -> None:
        self._reader = reader

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with an array, and with a link to the next page when there is one."""
        query = read_query(req.params)
        found = self._reader.page(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        if len(found) > len(page):
            following = urlencode({**req.params, "before": page[-1].id})
            resp.set_header("Link", f'<{req.path}?{following}>; rel="next"')
        resp.data = b"[" + b",".join(map(encode_execution, page)) + b"]"


class ExecutionItem:
    """One execution."""

    def __init__(self, reader: ExecutionReader) -> None:
        self._reader = reader

    def on_get(
        self,
        _req: falcon.Request,
        resp: falcon.Response,
        id: str,  # noqa: A002 - the route's template is a metric's label, and says {id}
    ) -> None:
        """Answer with an object; 404 when there is none of this id."""
        try:
            execution_id = read_id(id)
        except ValueError as error:
            raise ParameterError("id", f"{id!r} is not an id: {error}") from error
        execution = self._reader.get(execution_id)
        if execution is None:
            raise falcon.HTTPNotFound(description=f"there is no execution with id {execution_id}")
        resp.data = encode_execution(execution)
