"""The blotter: one page that shows what REST says, as it happens."""

from pathlib import Path

import falcon

from fixengine.http.pages.page_file import PageFile

_FOLDER = Path(__file__).with_name("blotter")
_FILES = {path.name: path for path in _FOLDER.iterdir() if path.is_file()}
# what orders bring is text to the page; should a mistake make markup of it, nothing would run
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Blotter(PageFile):
    """Its links are relative, so its own address has to end in a slash."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str = "") -> None:
        """Answer with a file, or with the way to the page for those who left out the slash."""
        if not req.env["PATH_INFO"]:
            raise falcon.HTTPMovedPermanently(f"{req.root_path.rpartition('/')[2]}/")
        super().on_get(req, resp, name)


def blotter_page() -> PageFile:
    """Return the page and what it loads. Browsers ask for it anew, as engines are replaced."""
    return _Blotter(_FILES.get, policy=_POLICY, cached=0)
