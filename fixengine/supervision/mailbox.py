"""An actor's mailbox: a stop overtakes what waits, and other threads may look on."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import TIMEOUT_MAX
from typing import Any, TypeVar

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop  # pykka has no public name for either

from fixengine.supervision.patience import wait_until
from fixengine.supervision.timers import Timers

_T = TypeVar("_T")

_UNHURRIED_FOR = 900.0  # seconds; what somebody outside does has to end sooner


class Mailbox:
    """An actor's inbox, and what any thread may read of the actor without asking it.

    A message wakes the actor by a lock of its own, and as the last thing: the actor finds nothing
    held that it needs next.
    """

    thread: threading.Thread  # the actor's, set before it is started

    def __init__(self) -> None:
        self.timers = Timers()
        self._lock = threading.Lock()
        self._envelopes: deque[Envelope[Any]] = deque()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._waits_for_the_bell = False
        self._closed = False
        self.busy_since: float | None = None  # monotonic start of the message in hand
        self.unhurried_until = 0.0  # monotonic time until which the message in hand may take
        self.excused_until = 0.0  # the same; set by who finds out why it takes so long
        self.stop_by = inf  # monotonic time, known once a stop has begun
        self.patient_until = inf  # monotonic time, after which the actor waits for nobody
        self.closes_within = 0.0  # seconds that the message in hand must leave of a stop's time

    def put(self, envelope: Envelope[Any]) -> None:
        """Take a message, for any thread; a stop goes first."""
        with self._lock:
            closed = self._closed
            if not closed:
                if is_stop(envelope):
                    self._envelopes.appendleft(envelope)
                else:
                    self._envelopes.append(envelope)
            rings, self._waits_for_the_bell = self._waits_for_the_bell, False
        if rings:
            self._bell.release()
        if closed:  # the sender saw the actor alive a moment ago
            _refuse(envelope)

    def get(self) -> Envelope[Any]:
        """Wait for the next message, for the actor's thread alone.

        A message whose time comes goes behind those that wait then, so neither holds up the other.
        """
        while True:
            now = time.monotonic()
            due = self.timers.take_due(now)
            with self._lock:
                self._envelopes.extend(map(Envelope, due))
                if self._envelopes:
                    self.busy_since = now
                    return self._envelopes.popleft()
                self._waits_for_the_bell = True
            self._wait(self.timers.next_at())

    def _wait(self, until: float) -> None:
        """Wait for the bell, until a monotonic time at the latest."""
        seconds = max(until - time.monotonic(), 0)
        if self._bell.acquire(timeout=min(seconds, TIMEOUT_MAX)):
            return
        with self._lock:
            rung, self._waits_for_the_bell = not self._waits_for_the_bell, False
        if rung:  # the wait had just ended: the bell is no news any more
            self._bell.acquire()

    def empty(self) -> bool:
        """Say whether no message waits."""
        return not self._envelopes

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self._envelopes)

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
        with self._lock:
            messages = [envelope.message for envelope in self._envelopes]
        return [message for message in messages if isinstance(message, kind)]

    def close(self) -> None:
        """Refuse what waits and all that is still to come."""
        with self._lock:
            self._closed = True
            waiting = tuple(self._envelopes)
            self._envelopes.clear()
        for envelope in waiting:
            _refuse(envelope)


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
