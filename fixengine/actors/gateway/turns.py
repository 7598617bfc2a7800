"""Whose turn it is to have a page of messages prepared."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from fixengine.supervision.refs import ActorRef, tell


class _Turn(NamedTuple):
    """An actor's, to do what a message asks of it."""

    ref: ActorRef
    message: object


class Turns:
    """So many pages are prepared at a time, whoever asks for them; first come, first served.

    Until a page is stored it takes hundreds of kilobytes, so that all sessions at once would take
    more than the gateway has. Nobody blocks: who has to wait is told. Safe for several threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._given: set[_Turn] = set()
        self._waiting: dict[_Turn, None] = {}  # in their order

    @contextmanager
    def turn(self, ref: ActorRef, message: object) -> Iterator[bool]:
        """Say whether the actor may do what the message asks of it; its turn ends with the body.

        If not, the actor is told the message again when its turn has come. For its own thread.
        """
        turn = _Turn(ref, message)
        if not self._is_given(turn):
            yield False
            return
        try:
            yield True
        finally:
            self._end({turn})

    def leave(self, ref: ActorRef) -> None:
        """Take no turn any more, as the actor ends: others do."""
        with self._lock:
            turns = {turn for turn in (*self._given, *self._waiting) if turn.ref is ref}
        self._end(turns)

    def _is_given(self, turn: _Turn) -> bool:
        with self._lock:
            if turn not in self._given:
                if len(self._given) >= self._most:
                    self._waiting.setdefault(turn)
                    return False
                self._given.add(turn)
            return True

    def _end(self, turns: set[_Turn]) -> None:
        with self._lock:
            self._given -= turns
            for turn in turns:
                self._waiting.pop(turn, None)
            come = [*self._waiting][: self._most - len(self._given)]
            for turn in come:
                del self._waiting[turn]
            self._given.update(come)
        for turn in come:  # one whose actor has ended meanwhile is given back by its `leave`
            tell(turn.ref, turn.message)
