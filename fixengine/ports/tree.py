"""What outsiders see of the actors."""

from collections.abc import Sequence
from typing import Protocol


class ActorState(Protocol):
    """One actor as an outsider sees it at one moment."""

    @property
    def name(self) -> str:
        """Its place in the tree."""

    @property
    def state(self) -> str:
        """Where in its life it is; `running` when it can do its work."""

    @property
    def restarts(self) -> int:
        """How often it was started again."""

    @property
    def mailbox_depth(self) -> int:
        """How many messages wait for it."""

    @property
    def busy_for(self) -> float | None:
        """Seconds it has spent on the message in hand, None when idle."""

    @property
    def last_error(self) -> str | None:
        """Why it last crashed."""


class ActorTree(Protocol):
    """All actors, to be read from any thread without waiting."""

    def snapshot(self) -> Sequence[ActorState]:
        """All actors as they are now."""

    def hung(self, limit: float) -> Sequence[str]:
        """Name those that have been at one message for more than `limit` seconds."""
