"""Cross-origin requests: any web page may read every answer."""

from collections.abc import Mapping

import falcon

OPEN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Retry-After",
}
"""Headers that let a page read an answer."""


class Cors:
    """Middleware that opens every answer, errors too, and answers preflights."""

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        """Add the headers that let a page read the answer."""
        resp.set_headers(OPEN)
        allowed = resp.get_header("Allow")
        if req.method == "OPTIONS" and allowed:
            resp.set_header("Access-Control-Allow-Methods", allowed)
            resp.set_header("Access-Control-Allow-Headers", "*")
            resp.set_header("Access-Control-Max-Age", "86400")
