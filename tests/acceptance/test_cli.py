"""The commands as a shell sees them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fixengine import __version__
from fixengine.commands.environment import Environment
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from fixengine.infra.postgres.schema.migrate import migrations
from tests.support.postgres.roles import dsn_as
from tests.support.rows import change, silenced
from tests.support.stacks import BrokerKind


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fixengine", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version() -> None:
    assert run("--version").stdout == f"fixengine {__version__}\n"


@pytest.mark.parametrize(
    ("host", "pod"),
    [
        ("engine-7f9c.example_1", "engine-7f9c.example_1"),
        ("\udcff\n{name} ü", "---name---"),
        ("x" * 200, "x" * 63),
    ],
)
def test_a_host_is_named_as_all_who_hear_of_it_can_take_it(host: str, pod: str) -> None:
    assert Environment({"HOSTNAME": host}).pod == pod


def test_a_system_that_gives_too_few_threads_is_told_in_one_line() -> None:
    few = (
        "import itertools, threading; from fixengine.cli import main\n"
        "count, start = itertools.count(), threading._start_new_thread\n"
        "def start_few(*args):\n"
        '    if next(count): raise RuntimeError("can\'t start new thread")\n'
        "    return start(*args)\n"
        "threading._start_new_thread = start_few\n"
        "main(['serve'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", few],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "can't start new thread: raise the limit of processes" in line


def test_no_command_is_a_misuse() -> None:
    assert run().returncode == 2


def test_check_config_shows_what_holds_and_no_secret() -> None:
    result = run("check-config", POSTGRES_PASSWORD="s3cret", HTTP_PORT="9000")
    assert result.returncode == 0
    assert "HTTP_PORT=9000\n" in result.stdout
    assert "KAFKA_ORDERS_TOPIC=orders\n" in result.stdout
    assert "s3cret" not in result.stdout


def test_mistakes_in_settings_and_in_the_files_that_they_name_are_told_at_once(
    tmp_path: Path,
) -> None:
    file = tmp_path / "sessions.toml"
    session = '[[session]]\nown = "FIXENGINE"\npeer = "OMS1"\ndestination = "ML"\n'
    file.write_text(session)
    assert run("check-config", FIX_SESSIONS=str(file)).returncode == 0
    file.write_text(session + 'heartbeat = 5\npassword = "s3cret"\n')
    missing = str(tmp_path / "missing")
    wrong = {
        "HTTP_PORT": "0",
        "KAFKA_BROKER": "a:1",
        "POSTGRES_DSN": "postgresql://me:s3cret@host/db?no_such_option=s3cret",
        "FIX_SESSIONS": str(file),
        "FIX_TLS_CERTIFICATE": missing,
        "FIX_TLS_KEY": missing,
        "FIX_TLS_CLIENT_CA": missing,
    }
    for command in ("check-config", "gateway"):
        result = run(command, **wrong)
        assert result.returncode == 2
        assert [line.split()[1] for line in result.stderr.splitlines()] == [
            "HTTP_PORT",
            "KAFKA_BROKER",
            "POSTGRES_DSN",
            "FIX_TLS_…:",
            "FIX_SESSIONS,",
            "FIX_SESSIONS,",
        ]
        assert "s3cret" not in result.stderr


@pytest.mark.parametrize("command", ["serve", "migrate", "check-config", "reconcile", "audit"])
def test_all_mistakes_are_told_at_once_and_nothing_is_started(command: str) -> None:
    result = run(command, HTTP_PORT="0", FILL_DELAY_MIN="x", KAFKA_BROKER="a:1")
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    for name in ("HTTP_PORT", "FILL_DELAY_MIN", "KAFKA_BROKER"):
        assert sum(line.startswith(f"fixengine: {name} ") for line in lines) == 1


@pytest.mark.parametrize("command", ["serve", "migrate", "check-config", "reconcile", "audit"])
def test_settings_that_only_a_driver_can_judge_are_judged_before_the_start(command: str) -> None:
    result = run(
        command,
        KAFKA_CLIENT_CONFIG='{"security.protocol": "carrier-pigeon"}',
        POSTGRES_DSN="postgresql://me:s3cret@host/db?no_such_option=s3cret",
    )
    assert result.returncode == 2
    assert [line.split()[1] for line in result.stderr.splitlines()] == [
        "POSTGRES_DSN",
        "KAFKA_CLIENT_CONFIG",
    ]
    assert "s3cret" not in result.stderr


def test_migrate_tells_what_it_did(empty_database: str) -> None:
    first = run("migrate", POSTGRES_DSN=empty_database)
    assert (first.returncode, first.stdout.splitlines()[0]) == (
        0,
        f"{len(migrations())} migrations applied",
    )
    assert run("migrate", POSTGRES_DSN=empty_database).stdout == "the schema is up to date\n"


def test_migrate_refuses_a_newer_schema(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("insert into fixengine_schema (version, name) values (999, 'x')")
    result = run("migrate", POSTGRES_DSN=database)
    assert result.returncode == 1
    assert "the database has schema version 999" in result.stderr


def test_migrate_without_a_database_fails_with_one_line() -> None:
    result = run("migrate", POSTGRES_DSN="postgresql://postgres@127.0.0.1:1/none")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.any_broker
def test_a_port_that_is_taken_ends_the_engine_with_a_clear_last_line(
    broker_kind: BrokerKind,
) -> None:
    with Stack(servers=broker_kind.servers) as stack:
        stack.prices.start()
        engine = stack.engine(HTTP_PORT=stack.prices.url.rpartition(":")[2])
        engine.process.start()
        assert engine.process.wait(60) == 1
        assert "can't listen" in engine.process.last_words()


@pytest.mark.any_broker
def test_a_second_signal_ends_an_engine_at_once(broker_kind: BrokerKind) -> None:
    """While the first is held up by a database that answers nothing."""
    with Stack(servers=broker_kind.servers) as stack:
        stack.start()
        engine = stack.engine()
        engine.start()
        with silenced(stack.postgres.dsn, stack.postgres):
            engine.process._send(signal.SIGTERM)
            wait_until(lambda: "drains" in engine.process.log.read_text(), 60, "the drain")
            engine.process._send(signal.SIGTERM)
            assert engine.process.wait(60) == 128 + signal.SIGTERM


OLDER = """
create table fixengine_schema (version integer, name text);
insert into fixengine_schema values (1, 'one');
grant all on fixengine_schema to public;
"""
OTHER = """
create table fixengine_schema (nothing integer);
grant all on fixengine_schema to public;
"""


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ("", "permission denied for schema public"),
        (OLDER, "run `fixengine migrate` as the role that owns the tables"),
        ("create table fixengine_schema (version integer)", "lacks a right"),
        (OTHER, 'column "version" does not exist'),
        ("alter role {role} nologin", "not permitted to log in"),
        ("alter role {role} connection limit 0", "too many connections"),
        ("alter role {role} set default_transaction_read_only = on", "read-only"),
    ],
)
def test_what_the_database_says_to_a_command_is_one_line(
    empty_database: str, setup: str, words: str
) -> None:
    role = "commander"
    change(empty_database, f"create role {role} login password '{role}'")
    try:
        change(empty_database, setup.format(role=role))
        done = run("migrate", POSTGRES_DSN=dsn_as(role, empty_database))
        assert done.returncode == 1
        assert done.stderr.startswith("fixengine: ")
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    finally:
        change(empty_database, f"drop owned by {role}; drop role {role}")
