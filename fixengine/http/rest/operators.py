"""Operators: clients that show a token, and alone may change executions."""

import hmac
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock
from time import monotonic

import falcon
from cachetools import TTLCache

from fixengine.recurring import Recurring

WRONG_TOKENS = 10
"""Wrong tokens that one client may show before it is not heard any more."""

NOT_HEARD_FOR = 10
"""Seconds without a wrong token after which they are forgotten, and the client is heard again."""

_CLIENTS = 4096
_NETWORK_BITS = 64  # what one owner of IPv6 addresses has at the least, and may choose from
_CHALLENGE = 'Bearer realm="fixengine"'


class Operators:
    """Tells them from all others. Safe to use from several threads."""

    def __init__(self, token: str | None, *, timer: Callable[[], float] = monotonic) -> None:
        """Take the token of all operators; None: there are no operators."""
        self._token = token
        self._lock = Lock()
        self._wrong: TTLCache[str, int] = TTLCache(_CLIENTS, NOT_HEARD_FOR, timer)
        self._refused = Recurring("WARNING", "a client showed a wrong operator token")

    def admit(self, req: falcon.Request) -> None:
        """Return if an operator asks; raises the HTTPError that tells anyone else why not.

        Only wrong tokens are counted: a client that shows none guesses nothing, and a web page of
        somebody else can make a browser ask that way.
        """
        if self._token is None:
            raise falcon.HTTPForbidden(
                description="nobody may change executions here: to switch this on, set "
                "OPERATOR_TOKEN for the engine, and send it as Authorization: Bearer TOKEN"
            )
        scheme, _, shown = (req.get_header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise falcon.HTTPUnauthorized(
                description="this is for operators: send Authorization: Bearer TOKEN, "
                "with the engine's OPERATOR_TOKEN",
                challenges=[_CHALLENGE],
            )
        if not self._is_right(shown.strip(" "), self._token, client=req.remote_addr):
            self._refused.happened(client=req.remote_addr)
            raise falcon.HTTPUnauthorized(
                description="this is not the engine's OPERATOR_TOKEN: send that",
                challenges=[f'{_CHALLENGE}, error="invalid_token"'],
            )

    def _is_right(self, shown: str, token: str, *, client: str) -> bool:
        owner = _owner(client)
        with self._lock:  # or a client could show many at the same time
            wrong = self._wrong.get(owner, 0)
            if wrong >= WRONG_TOKENS:
                raise falcon.HTTPTooManyRequests(
                    description=f"{wrong} wrong tokens came from your address: wait for "
                    f"{NOT_HEARD_FOR} seconds, then send the engine's OPERATOR_TOKEN",
                    retry_after=NOT_HEARD_FOR,
                )
            right = hmac.compare_digest(shown.encode(), token.encode())
            if not right:
                self._wrong[owner] = wrong + 1
        return right


def _owner(client: str) -> str:
    """Return what the addresses have in common that a client can choose from."""
    try:
        address = ip_address(client)
    except ValueError:  # no address at all, as from a gateway in the same process
        return client
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{int(address) >> (128 - _NETWORK_BITS):x}"
    return str(address)
