"""Signals that end an engine, and drain it: Kubernetes's, a shell's, those of a closed terminal."""

import os
import signal
import subprocess
import sys
from signal import SIGHUP, SIGINT, SIGTERM

import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack, surroundings
from fixengine.demo.waiting import wait_until

pytestmark = pytest.mark.any_broker

SERVE = (sys.executable, "-m", "fixengine", "serve")
IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def waiting(engine: Engine) -> Engine:
    """Return an engine that answers, and waits for everything."""
    wait_until(lambda: bool(engine.state()), 60, "the engine to answer")
    return engine


@pytest.mark.parametrize(
    "signals",
    [(SIGTERM,), (SIGINT,), (SIGHUP,), (SIGHUP, SIGHUP), (SIGHUP, SIGTERM), (SIGTERM, SIGHUP)],
    ids=lambda signals: "+".join(number.name for number in signals),
)
def test_an_engine_drains(bare_stack: Stack, signals: tuple[signal.Signals, ...]) -> None:
    engine = bare_stack.engine()
    engine.start(ready_within=None)
    waiting(engine)
    for number in signals:
        engine.process._send(number)
    assert engine.process.wait(60) == 0
    assert "engine has drained" in engine.process.log.read_text()


def test_under_nohup_a_hang_up_ends_nothing(bare_stack: Stack) -> None:
    environment = bare_stack.environment()
    process = bare_stack.workspace.child(
        "engine",
        ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *SERVE],
        environment={**surroundings(), **environment},
    )
    engine = Engine(
        process=process,
        http_port=int(environment["HTTP_PORT"]),
        health_port=int(environment["HEALTH_PORT"]),
    )
    engine.start(ready_within=None)
    waiting(engine)
    process._send(SIGHUP)
    process._send(signal.SIGUSR2)  # signals are answered in order
    wait_until(lambda: "stack of a thread" in process.log.read_text(), 60, "the second's answer")
    assert "drains" not in process.log.read_text()
    assert engine.terminate(deadline_seconds=60) == 0
    engine.close()


def test_an_engine_drains_when_its_terminal_is_closed(bare_stack: Stack) -> None:
    environment = bare_stack.environment()
    ours, its = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *SERVE],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**surroundings(), **environment},
    ) as process:
        os.close(its)
        engine = Engine(
            process=bare_stack.workspace.child("none", ()),
            http_port=int(environment["HTTP_PORT"]),
            health_port=int(environment["HEALTH_PORT"]),
        )
        waiting(engine)
        os.close(ours)
        assert process.wait(60) == 0
    engine.close()
