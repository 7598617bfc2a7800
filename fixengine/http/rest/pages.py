"""The link from a page to the next one."""

from urllib.parse import urlencode

import falcon


def link(req: falcon.Request, resp: falcon.Response, **key: int) -> None:
    """Say where the next page begins.

    The address is relative to what was asked for: a gateway may have taken the beginning of that
    path away.
    """
    resp.set_header("Link", f'<?{urlencode({**req.params, **key})}>; rel="next"')
