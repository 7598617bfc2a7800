"""Swagger UI, from the files of a package that brings them; nothing comes from elsewhere."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import falcon

_PAGE_PATH = "/swagger-ui/"
_OWN = Path(__file__).with_name("swagger_ui")
_KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}
_BROUGHT = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_HEADERS = {
    "Cache-Control": "max-age=3600",
    # the page itself can't load anything from elsewhere either
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'",
}


class SwaggerUi:
    """The way to the page, for those who left out the last slash."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        """Redirect."""
        raise falcon.HTTPMovedPermanently(_PAGE_PATH)


class SwaggerFile:
    """The page, and what it loads."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with a file, read piece by piece while it is sent."""
        path = _path(name or "index.html")
        if path is None:
            raise falcon.HTTPNotFound
        resp.content_type = _KINDS[path.suffix]
        resp.set_headers(_HEADERS)
        resp.set_stream(path.open("rb"), path.stat().st_size)


def _path(name: str) -> Path | None:
    """Return the file of this name; names come from outside, and only known ones are files."""
    if name in _BROUGHT:
        return _brought() / name
    return _OWN / name if name in {"index.html", "start.js"} else None


@cache
def _brought() -> Path:
    """Find the package's folder without importing it, for it would load a web framework."""
    spec = find_spec("flask_swagger_ui")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("dist")
