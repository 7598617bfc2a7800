"""A child of the supervisor: how it is specified, and what is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fixengine.supervision.mailbox import Mailbox, mailbox_of
from fixengine.supervision.refs import ActorRef
from fixengine.supervision.restarts import Restart

SUPERVISOR = "supervisor"

Refs: TypeAlias = Mapping[str, ActorRef]
"""The children that run, by name."""

StartChild: TypeAlias = Callable[[Refs], ActorRef]
"""Is given the children listed before this one, and returns a new actor that has not booted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How one child is started and stopped; the timeouts are in seconds.

    `stop_timeout` is its share of the time for all that stop with it.
    """

    name: str
    start: StartChild
    restart: Restart = Restart.PERMANENT
    boot_timeout: float
    stop_timeout: float

    def __post_init__(self) -> None:
        if not self.name or self.name == SUPERVISOR:
            raise ValueError(f"a child can't be named {self.name!r}")
        if self.boot_timeout <= 0 or self.stop_timeout <= 0:
            raise ValueError(f"{self.name}: the timeouts must be positive")


class Stage(StrEnum):
    """Where a child is in its life."""

    NEW = "new"  # never started yet
    BOOTING = "booting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"  # to be started again after an earlier sibling, or down for good
    WAITING = "waiting"  # for its back-off to pass
    DONE = "done"  # ended, and not to be restarted for that
    STUCK = "stuck"  # ignored its stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What the supervisor knows of a child; `ref` is the incarnation whose thread may run."""

    position: int
    spec: ChildSpec
    state: Stage = Stage.NEW
    ref: ActorRef | None = None
    restarts: int = 0
    last_error: str | None = None

    @property
    def mailbox(self) -> Mailbox | None:
        """The mailbox of the incarnation."""
        return None if self.ref is None else mailbox_of(self.ref)
