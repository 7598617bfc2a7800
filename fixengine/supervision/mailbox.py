"""An actor's mailbox: a stop overtakes what waits, and other threads may look on."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, TypeVar

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop  # pykka has no public name for either

from fixengine.supervision.patience import wait_until

_T = TypeVar("_T")

_UNHURRIED_FOR = 900.0  # seconds; what somebody outside does has to end sooner


class Mailbox(queue.Queue[Envelope[Any]]):
    """An actor's inbox, and what any thread may read of the actor without asking it."""

    thread: threading.Thread  # the actor's, set before it is started

    def __init__(self) -> None:
        super().__init__()
        self._closed = False
        self.busy_since: float | None = None  # monotonic start of the message in hand
        self.unhurried_until = 0.0  # monotonic time until which the message in hand may take
        self.excused_until = 0.0  # the same; set by who finds out why it takes so long
        self.stop_by = inf  # monotonic time, known once a stop has begun
        self.patient_until = inf  # monotonic time, after which the actor waits for nobody
        self.closes_within = 0.0  # seconds that the message in hand must leave of a stop's time

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self.queue)

    @property
    def load(self) -> int:
        """How many messages are to be dealt with, that in hand included."""
        return self.depth + (self.busy_since is not None)

    def stop_begins(self, by: float) -> None:
        """Let the actor know by when it is to be gone; the order to stop follows in its turn."""
        self.stop_by = by
        self.patient_until = by - self.closes_within

    def waiting(self, kind: type[_T]) -> list[_T]:
        """Return the messages of a kind that wait, first come first."""
        with self.mutex:
            messages = [envelope.message for envelope in self.queue]
        return [message for message in messages if isinstance(message, kind)]

    def close(self) -> None:
        """Refuse what waits and all that is still to come."""
        with self.mutex:
            self._closed = True
            waiting = tuple(self.queue)
            self.queue.clear()
        for envelope in waiting:
            _refuse(envelope)

    # queue.Queue calls these two under its lock, and leaves the order to them.

    def _put(self, item: Envelope[Any]) -> None:
        if self._closed:  # the sender saw the actor alive a moment ago
            _refuse(item)
        elif is_stop(item):
            self.queue.appendleft(item)
        else:
            self.queue.append(item)

    def _get(self) -> Envelope[Any]:
        self.busy_since = time.monotonic()
        envelope: Envelope[Any] = self.queue.popleft()
        return envelope


_own = threading.local()


def enter(mailbox: Mailbox) -> None:
    """Say whose thread this is."""
    _own.mailbox = mailbox
    wait_until(lambda: mailbox.patient_until, excused=lambda: mailbox.excused_until)


@contextmanager
def unhurried() -> Iterator[None]:
    """Within the block this thread's actor, if it has one, does not count as hung.

    This is for work of somebody outside that ends by itself, and would begin anew if it were given
    up. The excuse holds for a quarter of an hour.
    """
    mailbox: Mailbox | None = getattr(_own, "mailbox", None)
    if mailbox is None:
        yield
        return
    mailbox.unhurried_until = time.monotonic() + _UNHURRIED_FOR
    try:
        yield
    finally:
        mailbox.busy_since = time.monotonic()  # first, or it would seem hung for a moment
        mailbox.unhurried_until = 0.0


def mailbox_of(ref: pykka.ActorRef[Any]) -> Mailbox:
    """Return the mailbox of one of our actors."""
    mailbox = ref.actor_inbox
    assert isinstance(mailbox, Mailbox)
    return mailbox


def is_stop(envelope: Envelope[Any]) -> bool:
    """Tell pykka's order to stop from all other messages."""
    return isinstance(envelope.message, _ActorStop)


def _refuse(envelope: Envelope[Any]) -> None:
    if envelope.reply_to is not None:
        error = pykka.ActorDeadError("the actor ended before it took the message")
        envelope.reply_to.set_exception((pykka.ActorDeadError, error, None))
