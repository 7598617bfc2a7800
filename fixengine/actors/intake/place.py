"""The engine's place in the consumer group, which the database knows."""

from collections.abc import Sequence

from fixengine.actors.messages import TakePlace
from fixengine.supervision.refs import ActorRef, ask

_WITHIN = 2.0
"""Seconds for an answer. A repository that is busy for longer is asked again."""


def take_place(repository: ActorRef, members: Sequence[str]) -> str:
    """Return the name under which to join a group of such members; raises UnavailableError."""
    return ask(repository, TakePlace(members=tuple(members)), timeout=_WITHIN)
