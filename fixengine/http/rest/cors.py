"""Cross-origin requests: any web page may read what may be read, and none may change anything."""

from collections.abc import Mapping

import falcon

from fixengine.http.rest.operations import Operation

OPEN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
}
"""Headers that let a page read an answer."""


class Cors:
    """Middleware that opens every answer, errors too, and answers preflights.

    What changes something stays closed: a page can neither ask nor read the answer, unless it comes
    from the engine itself.
    """

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, _succeeded: bool
    ) -> None:
        """Add the headers that let a page read the answer."""
        operation: Operation | None = getattr(resource, "operation", None)
        if operation is not None and operation.writes:
            return
        resp.set_headers(OPEN)
        allowed = resp.get_header("Allow")
        if req.method == "OPTIONS" and allowed:
            resp.set_header("Access-Control-Allow-Methods", allowed)
            resp.set_header("Access-Control-Allow-Headers", "*")
            resp.set_header("Access-Control-Max-Age", "86400")
