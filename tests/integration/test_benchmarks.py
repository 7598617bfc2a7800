"""Any engine of the contract can be measured, and one that can't be is said to be so."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.processes import session_pids
from benchmarks.program import Program, program_at, trial
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.support.documents import ROOT
from tests.support.stacks import BrokerKind

pytestmark = pytest.mark.any_broker

QUICK = {"FILL_DELAY_FIRST": "0", "FILL_DELAY_MIN": "0.1", "FILL_DELAY_MAX": "0.2"}


@pytest.fixture(scope="module")
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    with Stack(servers=broker_kind.servers) as stack:
        stack.start()
        yield stack


def peer(folder: Path, script: str) -> Program:
    file = folder / "peer"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return program_at(str(file))


def test_a_peer_is_measured_with_all_that_it_starts_and_ends_with_it(
    stack: Stack, tmp_path: Path
) -> None:
    with trial(stack, peer(tmp_path, f"{sys.executable} -m fixengine serve\nexit $?"), QUICK) as it:
        shell = it.pid
        assert len(session_pids(shell)) == 2
        before = it.cpu()
        it.open_some(100)
        wait_until(lambda: it.fills() > 0, 60, "a fill")
        assert it.cpu() > before > 0
    wait_until(lambda: not session_pids(shell), 60, "the end of what the shell had started")


def test_the_bare_loops_are_a_peer_that_takes_orders_and_fills_them(stack: Stack) -> None:
    fed = [order for order, _ in zip(orders(seed=1), range(50), strict=False)]
    with trial(stack, program_at(str(ROOT / "benchmarks" / "bare_engine.sh")), QUICK) as it:
        send_orders(stack.broker.bootstrap, it.place.topics.orders, fed)
        stored = "select count(*) from execution"
        wait_until(lambda: it.number(stored) == len(fed), 60, "the orders")
        wait_until(lambda: it.fills() >= len(fed), 60, "a fill of each")
        with urlopen(f"{it.engine.url}/api/v1/execution/7", timeout=60) as answer:
            assert json.load(answer)["id"] == 7
        with urlopen(f"{it.engine.url}/api/v1/executions?limit=3", timeout=60) as answer:
            assert len(json.load(answer)) == 3


def test_a_peer_that_ends_is_quoted(stack: Stack, tmp_path: Path) -> None:
    ended = peer(tmp_path, "echo no such table >&2; exit 3")
    with pytest.raises(DemoError, match="ended with 3: no such table"), trial(stack, ended, {}):
        pass


def test_a_peer_without_readyz_is_ready_once_it_is_healthy(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "healthz").write_text("ok")
    files = peer(tmp_path, f"exec {sys.executable} -m http.server -d {tmp_path} $HTTP_PORT")
    with trial(stack, files, {}) as it:
        assert it.engine.process.running


def test_a_peer_that_is_never_ready_is_told_what_ready_means(stack: Stack, tmp_path: Path) -> None:
    mute = peer(tmp_path, "echo still thinking; sleep 600")
    with (
        pytest.raises(DemoError, match=r"still thinking .*/readyz on its HTTP_PORT answers 200"),
        trial(stack, mute, {}, ready_within=1),
    ):
        pass
