"""The points of a gateway: before and after each commit, each send, and what lies between."""

from collections.abc import Mapping
from typing import Any

from fixengine.actors.gateway.directory import Directory
from fixengine.actors.gateway.pages import Pages
from fixengine.actors.gateway.repository import SessionRepository
from fixengine.gateway.gateway import Gateway
from fixengine.infra.fix.wire import Wire
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.ports.fix import Work
from fixengine.trading.values import RequestState
from tests.failpoints.points import Busy, Step


def _result(_arguments: tuple[Any, ...], result: Any) -> object:
    return result


def _storing(what: Busy) -> Step:
    """Return the commit of work of a kind."""
    return Step(owner=PostgresFixSessions, method="commit", busy_before=what, busy_after=what)


def _works(call: tuple[Any, ...]) -> tuple[Work, ...]:
    return tuple(call[1])


def _saying(kind: bytes) -> Step:
    """Return the writing of bytes that have a message of a kind."""

    def says(call: tuple[Any, ...], _result: Any) -> object:
        return b"\x0135=%b\x01" % kind in call[1]

    return Step(owner=Wire, method="write", busy_before=says, busy_after=says)


STEPS: Mapping[str, Step] = {
    "take-session": Step(owner=PostgresFixSessions, method="take", busy_after=_result),
    "store-numbers": _storing(lambda call, _: any(not each.sent for each in _works(call))),
    "store-orders": _storing(lambda call, _: any(each.new_orders for each in _works(call))),
    "store-requests": _storing(
        lambda call, _: any(
            request.state is RequestState.PENDING
            for each in _works(call)
            for request in each.requests
        )
    ),
    "store-reports": _storing(lambda call, _: any(each.told for each in _works(call))),
    "answer-logon": _saying(b"A"),
    "tell": _saying(b"8"),
    "read-again": Step(owner=Pages, method="_sent_again", only_reads=True),
    "store-decision": Step(owner=PostgresChanges, method="store"),
    "refuse": Step(owner=PostgresFixBooks, method="refuse"),
    "release-session": Step(owner=PostgresFixSessions, method="release"),
    "stop-gateway": Step(owner=Gateway, method="stop", at_stop=True),
    "log-clients-out": Step(owner=Directory, method="close", at_stop=True),
    "stop-sessions": Step(owner=SessionRepository, method="close", at_stop=True),
}

LEFT = frozenset({"release-session"})
"""Steps that are taken when a client leaves."""

POINTS = tuple(f"{side}-{step}" for step in STEPS for side in ("before", "after"))

UNTOLD = ("after-store-orders", "after-store-decision", "after-store-reports")
"""Those after which a client has not been told of its order, its change, and its fill."""
