"""Asking another actor, with a deadline always."""

from contextlib import suppress
from typing import Any

import pykka

from fixengine.actors.messages import ActorRef
from fixengine.errors import UnavailableError


def ask(ref: ActorRef, message: object, *, timeout: float) -> Any:
    """Ask and wait `timeout` seconds at the most for the reply.

    Raises UnavailableError when there is none in time, whether the actor is busy or gone, and
    whatever the actor raises.
    """
    try:
        return ref.ask(message, timeout=timeout)
    except pykka.Timeout as error:
        raise UnavailableError(f"{_name(ref)} did not reply within {timeout} s") from error
    except pykka.ActorDeadError as error:
        raise UnavailableError(f"{_name(ref)} is gone") from error


def tell(ref: ActorRef, message: object) -> None:
    """Tell an actor that may be gone; its successor will find out by itself."""
    with suppress(pykka.ActorDeadError):
        ref.tell(message)


def _name(ref: ActorRef) -> str:
    return f"the {ref.actor_class.__name__.lower()} actor"
