"""A FIX client is told before what it is told of is stored."""

import time

from fixengine.actors.gateway.session import SessionActor
from fixengine.actors.gateway.step import Step
from fixengine.cli import main
from fixengine.trading.values import Decision

BETWEEN_SECONDS = 0.2
"""As on a busy disk: a kill meets it."""

_stored = SessionActor._stored


def _sent_and_stored(self: SessionActor, step: Step, decision: Decision, *, next_in: int) -> bool:
    if step.out:
        self._line.send(bytes(step.out))
        step.out.clear()
        time.sleep(BETWEEN_SECONDS)
    return _stored(self, step, decision, next_in=next_in)


if __name__ == "__main__":
    SessionActor._stored = _sent_and_stored  # type: ignore[method-assign]  # that is the bug
    main()
