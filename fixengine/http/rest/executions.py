"""Executions: pages of them, one by its id, and its fills."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

import falcon
import msgspec

from fixengine.http.rest import answers
from fixengine.http.rest.operations import Operation
from fixengine.http.rest.pages import link
from fixengine.http.rest.parameters import FILTERS, ID, PAGE_OF_FILLS, read_query
from fixengine.http.rest.problems import no_execution
from fixengine.http.rest.recent import Recent
from fixengine.http.rest.shared import Shared
from fixengine.ports.queries import ExecutionQuery, ExecutionSource, LedgerQuery
from fixengine.wire.executions import Execution

_Page: TypeAlias = tuple[bytes, int | None]
"""An array, and the id that the next page goes on below when there is one."""


_Tagged: TypeAlias = tuple[bytes, str]
"""An object, and the tag of its version."""


class ExecutionCollection:
    """Pages of executions, highest id first."""

    operation = Operation(
        summary="Executions, highest id first",
        answer=list[Execution],
        query=FILTERS,
        errors=(400, 503),
        paged=True,
    )

    def __init__(self, executions: ExecutionSource) -> None:
        self._executions = executions
        self._pages = Recent(Shared(self._find, group=lambda query: query))

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with an array, and with a link to the next page when there is one."""
        query = ExecutionQuery(**read_query(req.params, FILTERS))
        resp.data, before = self._pages.get(query, req)
        if before is not None:
            link(req, resp, before=before)

    def _find(self, queries: Collection[ExecutionQuery]) -> Mapping[ExecutionQuery, _Page]:
        return {query: self._page(query) for query in queries}

    def _page(self, query: ExecutionQuery) -> _Page:
        found = self._executions.page(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        before = page[-1].id if len(found) > len(page) else None
        return _array(each.json for each in page), before


class ExecutionItem:
    """One execution."""

    operation = Operation(
        summary="One execution by the engine's own id",
        answer=Execution,
        errors=(400, 404, 503),
        tagged=True,
    )

    def __init__(self, executions: ExecutionSource) -> None:
        self._executions = executions
        self._answers = Shared(self._find, group=lambda _: None)

    def on_get(
        self,
        _req: falcon.Request,
        resp: falcon.Response,
        id: str,  # noqa: A002 - the route's template is a metric's label, and says {id}
    ) -> None:
        """Answer with an object; 404 when there is none of this id."""
        execution_id = ID.read(id)
        found = self._answers.get(execution_id)
        if found is None:
            raise no_execution(execution_id)
        resp.data, resp.etag = found

    def _find(self, execution_ids: Collection[int]) -> Mapping[int, _Tagged | None]:
        found = self._executions.by_id(execution_ids)
        return {
            id_: (found[id_].json.encode(), str(found[id_].version)) if id_ in found else None
            for id_ in execution_ids
        }


class ExecutionFills:
    """The fills of one execution, as the ledger has them."""

    operation = Operation(
        summary="An execution's fills from the ledger, oldest first",
        answer=list[answers.Fill],
        query=PAGE_OF_FILLS,
        errors=(400, 404, 503),
        paged=True,
    )

    def __init__(self, executions: ExecutionSource) -> None:
        self._executions = executions

    def on_get(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        id: str,  # noqa: A002 - see above
    ) -> None:
        """Answer with an array, and with a link to the next page when there is one."""
        execution_id = ID.read(id)
        query = LedgerQuery(execution_id=execution_id, **read_query(req.params, PAGE_OF_FILLS))
        found = self._executions.fills(replace(query, limit=query.limit + 1))
        if found is None:
            raise no_execution(execution_id)
        page = found[: query.limit]
        if len(found) > len(page):
            link(req, resp, after=page[-1].entry.number)
        resp.data = msgspec.json.encode([answers.fill(each) for each in page])


def _array(items: Iterable[str]) -> bytes:
    return f"[{','.join(items)}]".encode()
