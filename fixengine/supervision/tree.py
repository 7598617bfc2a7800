"""The tree of actors: written by the supervisor alone, read by any thread at any time."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pykka

from fixengine.supervision.child import SUPERVISOR, ChildSpec, Stage, Supervised
from fixengine.supervision.mailbox import Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildState:
    """A child as seen from outside; `busy_for` is how long it has had its message, in seconds."""

    name: str
    state: Stage
    restarts: int
    mailbox_depth: int
    busy_for: float | None
    last_error: str | None


class Tree:
    """All children in their order; reading takes no lock and asks no actor."""

    def __init__(self, specs: Iterable[ChildSpec]) -> None:
        self._children = tuple(Supervised(position=i, spec=spec) for i, spec in enumerate(specs))
        self._supervisor: Mailbox | None = None
        names = [child.spec.name for child in self._children]
        if not names:
            raise ValueError("there must be a child")
        if len(set(names)) < len(names):
            raise ValueError(f"the children need different names: {', '.join(names)}")

    def snapshot(self) -> tuple[ChildState, ...]:
        """All children as they are now."""
        return tuple(
            ChildState(
                name=child.spec.name,
                state=child.state,
                restarts=child.restarts,
                mailbox_depth=child.mailbox.depth if child.mailbox else 0,
                busy_for=_busy_for(child.mailbox),
                last_error=child.last_error,
            )
            for child in self._children
        )

    def hung(self, limit: float) -> tuple[str, ...]:
        """Name whoever has been at one message for more than `limit` seconds.

        A child that boots or stops has a deadline of its own and is not among them, nor is one
        that waits for what may take very long.
        """
        watched = [(SUPERVISOR, self._supervisor)]
        watched += [(c.spec.name, c.mailbox) for c in self._children if c.state is Stage.RUNNING]
        return tuple(name for name, mailbox in watched if _is_hung(mailbox, limit))

    def ref(self, name: str) -> pykka.ActorRef[Any] | None:
        """Return the present incarnation of a child, None when it has none."""
        return next((child.ref for child in self._children if child.spec.name == name), None)

    # The rest is for the supervisor.

    @property
    def children(self) -> tuple[Supervised, ...]:
        """All that is known."""
        return self._children

    def find(self, ref: pykka.ActorRef[Any]) -> Supervised | None:
        """Find a child by its incarnation; None when that is a former one."""
        return next((child for child in self._children if child.ref is ref), None)

    def put(self, child: Supervised) -> None:
        """Replace what is known of one child, all at once."""
        before, after = self._children[: child.position], self._children[child.position + 1 :]
        self._children = (*before, child, *after)

    def watch(self, supervisor: Mailbox) -> None:
        """Count the supervisor among those that may hang."""
        self._supervisor = supervisor


def _is_hung(mailbox: Mailbox | None, limit: float) -> bool:
    if mailbox is None:
        return False
    excused = time.monotonic() <= max(mailbox.unhurried_until, mailbox.excused_until)
    return (_busy_for(mailbox) or 0) > limit and not excused


def _busy_for(mailbox: Mailbox | None) -> float | None:
    since = mailbox.busy_since if mailbox else None
    return None if since is None else time.monotonic() - since
