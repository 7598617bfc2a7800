"""Asking another actor, with a deadline always."""

from contextlib import suppress
from time import monotonic
from typing import Any, TypeAlias

import pykka

from fixengine.errors import UnavailableError
from fixengine.supervision.lifecycle import Scoped
from fixengine.supervision.patience import patient_until
from fixengine.supervision.scope import current_scope

ActorRef: TypeAlias = pykka.ActorRef[Any]

_LOOK = 0.1  # seconds between looks at whether a stop has begun


class Question:
    """What another actor was asked, while the one who asks goes on.

    It deals with it in the scope of the one who asks.
    """

    def __init__(self, ref: ActorRef, message: object) -> None:
        self._ref = ref
        scope = current_scope()
        if scope is not None:
            message = Scoped(scope=scope, message=message)
        self._reply: pykka.Future[Any] = ref.ask(message, block=False)

    def reply(self, *, timeout: float) -> Any:
        """Wait `timeout` seconds at the most for the reply, less when the own stop leaves less.

        Raises UnavailableError when there is none in time, whether the actor is busy or gone, and
        whatever the actor raises.
        """
        until = monotonic() + timeout
        while True:
            left = min(until, patient_until()) - monotonic()
            try:
                return self._reply.get(timeout=max(min(left, _LOOK), 0))
            except pykka.Timeout as error:
                if left <= _LOOK:
                    raise UnavailableError(
                        f"{_name(self._ref)} did not reply within {timeout:g} s"
                    ) from error
            except pykka.ActorDeadError as error:
                raise UnavailableError(f"{_name(self._ref)} is gone") from error


def ask(ref: ActorRef, message: object, *, timeout: float) -> Any:
    """Ask, and wait for the reply as `Question.reply` does."""
    return Question(ref, message).reply(timeout=timeout)


def tell(ref: ActorRef, message: object) -> None:
    """Tell an actor that may be gone; its successor will find out by itself."""
    with suppress(pykka.ActorDeadError):
        ref.tell(message)


def _name(ref: ActorRef) -> str:
    return f"the {ref.actor_class.__name__.lower()} actor"
