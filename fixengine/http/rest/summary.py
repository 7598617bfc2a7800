"""The state of the whole at a glance."""

import falcon
import msgspec

from fixengine.http.rest import answers
from fixengine.http.rest.operations import Operation
from fixengine.ports.queries import OverviewSource


class SummaryItem:
    """Counts, sums, rates and what is behind."""

    operation = Operation(
        summary="The state of the whole, all engines together",
        answer=answers.Summary,
        errors=(503,),
    )

    def __init__(self, source: OverviewSource) -> None:
        self._source = source

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with an object."""
        resp.data = msgspec.json.encode(answers.summary(self._source.overview()))
