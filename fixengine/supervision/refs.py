"""What an actor knows of another: a reference to tell it something, or to ask it, with a deadline.

A message that is asked names the type of its reply, so `ask` returns that type:

    class GetTime(Request[datetime]): ...

    now = ask(clock, GetTime(), timeout=1)  # a datetime, to the type checker too
"""

from contextlib import suppress
from time import monotonic
from typing import Any, Generic, TypeAlias, TypeVar

import pykka

from fixengine.errors import UnavailableError
from fixengine.supervision.patience import patient_until
from fixengine.supervision.scope import Scoped, current_scope

ActorRef: TypeAlias = pykka.ActorRef[Any]

_Reply = TypeVar("_Reply")

_LOOK = 0.1  # seconds between looks at whether a stop has begun


class Request(Generic[_Reply]):
    """A message that is answered with a `_Reply`. Dataclasses of messages derive from it."""

    __slots__ = ()

    def answer(self, reply: _Reply) -> _Reply:
        """Return the reply as it is. The receiver says by this call that it has the right type."""
        return reply


class Question(Generic[_Reply]):
    """A request that was sent, while the one who asks goes on.

    The other actor deals with it in the scope of the one who asks.
    """

    def __init__(self, ref: ActorRef, message: Request[_Reply]) -> None:
        self._ref = ref
        scope = current_scope()
        sent = message if scope is None else Scoped(scope=scope, message=message)
        self._reply: pykka.Future[_Reply] = ref.ask(sent, block=False)

    def reply(self, *, timeout: float) -> _Reply:
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


def ask(ref: ActorRef, message: Request[_Reply], *, timeout: float) -> _Reply:
    """Ask, and wait for the reply as `Question.reply` does."""
    return Question(ref, message).reply(timeout=timeout)


def tell(ref: ActorRef, message: object) -> None:
    """Tell an actor that may be gone; its successor will find out by itself."""
    with suppress(pykka.ActorDeadError):
        ref.tell(message)


def _name(ref: ActorRef) -> str:
    return f"the {ref.actor_class.__name__.lower()} actor"
