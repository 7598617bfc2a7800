"""SIGTERM and Ctrl-C as one exception, so that a program ends in one way."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Let SIGTERM end the body as Ctrl-C does, and Ctrl-C also where a shell ignores it."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
