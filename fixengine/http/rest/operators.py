"""Operators: clients that show a token, and alone may change executions."""

import hmac
from collections.abc import Callable
from time import monotonic

import falcon

from fixengine.attempts import MOST_WRONG, NOT_HEARD_FOR, Attempts
from fixengine.recurring import Recurring

_CHALLENGE = 'Bearer realm="fixengine"'


class Operators:
    """Tells them from all others. Safe to use from several threads."""

    def __init__(self, token: str | None, *, timer: Callable[[], float] = monotonic) -> None:
        """Take the token of all operators; None: there are no operators."""
        self._token = token
        self._attempts = Attempts(timer=timer)
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
        right = self._attempts.is_right(
            client, lambda: hmac.compare_digest(shown.encode(), token.encode())
        )
        if right is None:
            raise falcon.HTTPTooManyRequests(
                description=f"{MOST_WRONG} wrong tokens came from your address: wait for "
                f"{NOT_HEARD_FOR} seconds, then send the engine's OPERATOR_TOKEN",
                retry_after=NOT_HEARD_FOR,
            )
        return right
