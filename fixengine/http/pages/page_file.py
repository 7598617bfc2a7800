"""Pages for people, and the files that they load: from packages alone, never from elsewhere."""

from collections.abc import Callable
from pathlib import Path

import falcon

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class PageFile:
    """A page under its own path, and what it loads under names below that."""

    def __init__(self, find: Callable[[str], Path | None], *, policy: str, cached: int) -> None:
        """Take who finds the file of a name, or None for a name that has no file.

        Names come from outside. `policy` is the Content-Security-Policy of all files; a browser
        may keep them for `cached` seconds.
        """
        self._find = find
        self._headers = {
            "Cache-Control": f"max-age={cached}" if cached else "no-cache",
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
        }

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str = "") -> None:
        """Answer with a file, read piece by piece while it is sent."""
        path = self._find(name or "index.html")
        if path is None:
            raise falcon.HTTPNotFound
        resp.content_type = _KINDS[path.suffix]
        resp.set_headers(self._headers)
        if req.method == "HEAD":  # nobody would close the file
            resp.content_length = path.stat().st_size
        else:
            resp.set_stream(path.open("rb"), path.stat().st_size)
