"""Swagger UI, from the files of a package that brings them."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import falcon

from fixengine.http.pages.page_file import PageFile

_PAGE_PATH = "swagger-ui/"
"""Relative, for a gateway may have taken the beginning of the path away."""

_OWN = Path(__file__).with_name("swagger_ui")
_BROUGHT = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
_CACHED = 3600


class SwaggerUi:
    """The way to the page, for those who left out the last slash."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        """Redirect."""
        raise falcon.HTTPMovedPermanently(_PAGE_PATH)


def swagger_page() -> PageFile:
    """Return the page, and what it loads."""
    return PageFile(_path, policy=_POLICY, cached=_CACHED)


def _path(name: str) -> Path | None:
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
