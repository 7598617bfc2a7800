"""Signals, answered one after the other by a thread of their own.

A handler of Python's own runs in the main thread, in the midst of whatever that does, and only
once it runs: a signal that the system hands to another thread does not wake a main thread which
waits for a lock.
"""

import signal
from collections.abc import Callable, Mapping
from threading import Thread

from loguru import logger


def answer_signals(answers: Mapping[signal.Signals, Callable[[], None]]) -> None:
    """Call the answer to each of these signals, for the rest of the process's life.

    For the main thread, before it starts any other: all have to keep off these signals.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, answers)
    Thread(target=_answer, args=(answers,), name="signals", daemon=True).start()


def _answer(answers: Mapping[signal.Signals, Callable[[], None]]) -> None:
    while True:
        number = signal.Signals(signal.sigwait(answers))
        try:
            answers[number]()
        except Exception:  # noqa: BLE001  whatever it is, the next signal must be answered
            logger.bind(signal=number.name).exception("a signal was not answered")
