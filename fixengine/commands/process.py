"""The life of a process with actors: from its start to a signal, or to its own end."""

import gc
import os
import signal
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import NamedTuple, Protocol

import pykka
from loguru import logger

from fixengine.commands.exit_codes import FAILED, OK
from fixengine.errors import StartError
from fixengine.infra.process.diagnosis import log_stacks, log_uncaught, verbose_switch
from fixengine.infra.process.logs import Logs
from fixengine.infra.process.signals import answer_signals
from fixengine.infra.process.system import leave_no_zombies, take_what_is_allowed
from fixengine.supervision.reply import Reply

_STARTED_LOOK_SECONDS = 0.1


class Program(Protocol):
    """What runs: an engine, or a gateway."""

    def start(self) -> Reply[None]:
        """Start; the reply is set when it runs, or raises StartError."""

    def stop(self) -> tuple[str, ...]:
        """Drain and stop; return the names of actors that would not."""


class Events(NamedTuple):
    """What the log says of the end of a process."""

    drains: str
    has_drained: str
    leaves_undone: str
    gives_up: str


def run_process(
    make: Callable[[Callable[[str], object]], Program], *, events: Events, logs: Logs
) -> int:
    """Run a program until a signal or its own end; return the exit code.

    `make` is given what to call with a sentence when it is beyond help.

    0 after SIGTERM, SIGINT or SIGHUP, 1 otherwise. A second SIGTERM or SIGINT ends the process at
    once, and others of its kind do what it has not finished, as after any end of it. A SIGHUP
    never ends it at once, because a terminal that closes sends it along with others; where SIGHUP
    was ignored from the beginning, as under nohup, it still is. SIGUSR1 switches the log to debug
    and back, SIGUSR2 writes every thread's stack to the log.
    Only the main thread may call it, before it starts any other thread.
    """
    log_uncaught()
    take_what_is_allowed()
    leave_no_zombies()
    over = Event()
    signals: list[signal.Signals] = []
    failures: list[str] = []

    def failed(sentence: str) -> None:
        failures.append(sentence)
        over.set()

    def stop(number: signal.Signals) -> None:
        if number != signal.SIGHUP and set(signals) - {signal.SIGHUP}:
            os._exit(128 + number)
        signals.append(number)
        over.set()

    ending = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    answer_signals(
        {
            **{number: partial(stop, number) for number in ending},
            signal.SIGUSR1: verbose_switch(logs),
            signal.SIGUSR2: log_stacks,
        }
    )
    gc.freeze()  # what was loaded stays: no collection has to go through it
    program = make(failed)
    try:
        if not over.is_set():
            started = _start(program)
    except StartError as error:  # there is nothing to drain, and maybe no thread to do it
        return _give_up(events, str(error))
    try:
        while not over.wait(_STARTED_LOOK_SECONDS):
            if _has_started(started):
                over.wait()
    except StartError as error:
        failures.append(str(error))
    if signals:
        logger.bind(signal=signals[0].name).info(events.drains)
    stuck = program.stop()
    if stuck and not signals:
        failures.append(f"actors did not stop: {', '.join(stuck)}")
    if failures:
        return _give_up(events, "; ".join(failures))
    if stuck:
        logger.bind(actors=stuck).warning(events.leaves_undone)
    else:
        logger.info(events.has_drained)
    return OK


def _give_up(events: Events, reason: str) -> int:
    logger.bind(reason=reason).critical(events.gives_up)
    return FAILED


def _start(program: Program) -> Reply[None]:
    """Start the program; raises StartError when the system refuses a port or a thread."""
    try:
        return program.start()
    except OSError as error:
        raise StartError(f"it can't listen: {error.strerror}") from error
    except RuntimeError as error:
        if "thread" not in str(error):  # Python has no error of its own for one that can't be had
            raise
        raise StartError(f"{error}: raise the limit of processes, or of memory") from error


def _has_started(started: Reply[None]) -> bool:
    try:
        started.get(timeout=0)
    except pykka.Timeout:
        return False
    return True
