"""What signals make a running process say."""

import json
import signal
import subprocess
import sys
from typing import Any

PROGRAM = """
import signal, sys, threading
from loguru import logger
from fixengine.infra.process.diagnosis import log_stacks, verbose_switch
from fixengine.infra.process.logs import configure_logs
from fixengine.infra.process.signals import answer_signals

logs = configure_logs(level="info", json_lines=True, pod="engine-7f")
answer_signals({signal.SIGUSR1: verbose_switch(logs), signal.SIGUSR2: log_stacks})
waits = threading.Thread(target=threading.Event().wait, name="waits", daemon=True)
waits.start()
logger.info("ready")
for line in sys.stdin:
    logger.debug(line.strip())
    logger.info("done")
"""


class Talk:
    """A process whose log is read line by line."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def until(self, event: str) -> list[dict[str, Any]]:
        assert self.process.stderr is not None
        lines: list[dict[str, Any]] = []
        while not lines or lines[-1]["event"] != event:
            lines.append(json.loads(self.process.stderr.readline()))
        return lines

    def close(self) -> None:
        self.process.communicate(timeout=60)


def test_sigusr1_switches_to_debug_and_back() -> None:
    talk = Talk()
    talk.until("ready")
    heard: list[list[str]] = []
    for _ in range(3):
        talk.say("detail")
        heard.append([line["event"] for line in talk.until("done")])
        talk.process.send_signal(signal.SIGUSR1)
        talk.until("the log's level was changed")
    talk.close()
    assert heard == [["done"], ["detail", "done"], ["done"]]


def test_sigusr2_says_where_every_thread_is() -> None:
    talk = Talk()
    talk.until("ready")
    talk.process.send_signal(signal.SIGUSR2)
    seen: dict[str, str] = {}
    while not {"MainThread", "waits"} <= seen.keys():
        (*_, line) = talk.until("stack of a thread")
        seen[line["of"]] = line["stack"]
    talk.close()
    assert "in wait" in seen["waits"]
    assert "answer_signals" not in seen["MainThread"]
