"""Signals are answered whatever the main thread does."""

import subprocess
import sys

PROGRAM = """
import os, signal, threading, time
from fixengine.infra.process.signals import answer_signals

lock, answered = threading.Lock(), threading.Event()

def answer():
    with lock:
        answered.set()

def fail():
    raise ValueError("no answer")

answer_signals({signal.SIGUSR1: fail, signal.SIGTERM: answer})
with lock:
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)
assert answered.wait(30), "not answered"
"""


def test_an_answer_may_wait_for_the_main_thread_and_one_that_fails_is_logged() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "a signal was not answered" in done.stderr
    assert "ValueError: no answer" in done.stderr
