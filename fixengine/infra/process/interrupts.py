"""SIGTERM and Ctrl-C as an exception or an event, so that a program ends in one way."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Let SIGTERM end the body as Ctrl-C does, and Ctrl-C also where a shell ignores it."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _answered_by(interrupt):
        yield


@contextmanager
def signals_as_event() -> Iterator[Event]:
    """Let SIGTERM and Ctrl-C set an event: an exception could come between a deed and its count."""
    over = Event()
    with _answered_by(lambda _number, _frame: over.set()):
        yield over


@contextmanager
def _answered_by(answer: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = {number: signal.signal(number, answer) for number in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
