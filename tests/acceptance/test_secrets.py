"""No piece of a secret is said by a whole process, whatever it is asked and whatever goes wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.secrets import PIECE

DATABASE, BROKER, KEY, TOKEN = "dB-7\"x'Ω&%k9", "sA$L=q8 w;2", "K3y\\0p{z}", "t0K~N^v5+u"
"""Secrets with everything that a shell, a URL, JSON or a connection string might trip over."""

ENVIRONMENT = {
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "1",
    "POSTGRES_PASSWORD": f"{DATABASE}\n",
    "KAFKA_BROKERS": "127.0.0.1:1,[::1]:1",
    "KAFKA_CLIENT_CONFIG": json.dumps(
        {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "me",
            "sasl.password": BROKER,
            "ssl.key.password": KEY,
            "debug": "all",
        }
    ),
    "OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:1",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={TOKEN}",
    "OTEL_METRICINTERVAL": "1s",
    "SECURITY_SVC_URL": "http://127.0.0.1:1",
    "PRICING_SVC_URL": "http://127.0.0.1:1",
}


def run(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fixengine", *arguments],
        env={**surroundings(), **ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return done.stdout.decode()


def pieces_said(text: str) -> set[str]:
    every = {
        secret[begin : begin + PIECE]
        for secret in (DATABASE, BROKER, KEY, TOKEN)
        for begin in range(len(secret) - PIECE + 1)
    }
    return {piece for piece in every if piece in text or json.dumps(piece)[1:-1] in text}


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


def test_an_engine_that_reaches_nobody_says_no_piece_of_any(workspace: Workspace) -> None:
    rest, probes = workspace.reserve_port(), workspace.reserve_port()
    process = workspace.child(
        "engine",
        [sys.executable, "-m", "fixengine", "serve"],
        environment={
            **surroundings(),
            **ENVIRONMENT,
            "HTTP_PORT": str(rest),
            "HEALTH_PORT": str(probes),
            "LOG_LEVEL": "trace",
        },
    )
    engine = Engine(process=process, http_port=rest, health_port=probes)
    engine.start(ready_within=None)

    def said() -> str:
        parts = engine.state().get("parts", {})
        return " ".join(str(part["said"]) for part in parts.values())

    wait_until(
        lambda: "127.0.0.1:1" in said() and "port 1 failed" in said(),
        60,
        "what is wrong to be said",
    )
    wait_until(lambda: "exports wait" in process.log.read_text(), 60, "an export")
    answers = json.dumps(engine.state()) + str(engine.samples())
    (pid,) = (each for each in Path("/proc").glob("[0-9]*/environ") if _is_of(each, rest))
    arguments = pid.with_name("cmdline").read_bytes().decode()
    assert engine.terminate() == 0
    engine.close()
    log = process.log.read_text()
    assert "a setting is taken otherwise than it is given" in log
    for text in (answers, arguments, log):
        assert not pieces_said(text)


def _is_of(environ: Path, port: int) -> bool:
    try:
        return f"HTTP_PORT={port}\0".encode() in environ.read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(
    "arguments",
    [("check-config",), ("--help",), ("migrate",), ("dlq", "list"), ("reconcile",), ("audit",)],
)
def test_no_command_says_a_piece_of_any(arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said
    assert not pieces_said(said)


def test_nor_does_an_audit_when_the_database_says_it() -> None:
    said = run("audit", POSTGRES_PASSWORD="refused")
    assert "port 1 failed" in said
    assert "refused" not in said


def test_nor_does_a_crash() -> None:
    crash = (
        "from fixengine import cli; from fixengine.commands import check_config; import os\n"
        "def broken(*_): raise KeyError(os.environ['POSTGRES_PASSWORD'])\n"
        "check_config.describe = broken\n"
        "cli.main(['check-config'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", crash],
        env={**surroundings(), **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "KeyError" in done.stderr
    assert "Traceback" in done.stderr
    assert not pieces_said(done.stderr)
