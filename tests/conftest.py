"""The stack that tests run on, and the log: `--stack` chooses its servers, fixtures share them.

Tests that stop or crash a server start one of their own: `with Stack(servers=broker_kind.servers)`.
"""

import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from loguru import logger
from psycopg import sql

from fixengine.demo.errors import DemoError
from fixengine.demo.isolation import isolate
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.stack import Stack
from fixengine.demo.topics import TopicNames
from fixengine.demo.workspace import Workspace
from fixengine.infra.postgres.schema.migrate import migrate
from tests.support.log import heard
from tests.support.stacks import BrokerKind, check

_TESTS = Path(__file__).parent
_ENDS = {"acceptance": 0.55, "integration": 0.75, "model": 0.4, "manifests": 0.6, "unit": 1.0}
"""By when of a run the last file of each folder begins."""
_TEMPLATE = "migrated"
_OF_WHO_WATCHES = re.compile(
    r"CI|GITHUB_\w+|TERM|COLUMNS|LINES|TTY_\w+|\w*COLOR\w*|PYTEST_ADDOPTS", re.IGNORECASE
)
_OF_ANOTHER_STACK = re.compile("embedded broker|Apache Kafka|container", re.IGNORECASE)
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=[kind.value for kind in BrokerKind],
        default=BrokerKind.EMBEDDED.value,
        help="servers to test on: embedded (from wheels), apache (its broker by Maven and Java), "
        "or containers (of the official images, by Docker)",
    )
    parser.addoption(
        "--stops",
        type=int,
        default=1,
        help="how often an engine is stopped in the midst of a flood on a busy machine",
    )
    parser.addoption(
        "--all-points",
        action="store_true",
        help="an engine or a gateway dies before and after each step, not only where most is at "
        "stake",
    )
    parser.addoption(
        "--all-definitions",
        action="store_true",
        help="a gateway also plays the acceptance definitions that wait for heartbeats",
    )
    parser.addoption(
        "--broker-tests",
        action="store_true",
        help="only tests whose result may depend on the broker: the others are the same with any",
    )
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="a test that is skipped fails, unless it is for another stack than this one",
    )


def pytest_configure() -> None:
    """Keep what a shell has set for others away from all tests; try the same cases everywhere."""
    isolate()
    hypothesis.settings.load_profile("ci")  # the same cases each time, whatever time they take


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what `--broker-tests` leaves out; let what waits run beside what works."""
    items[:] = _spread(items)
    if not config.getoption("--broker-tests"):
        return
    needing = [
        item
        for item in items
        if {"broker_kind", "broker", "stack"} & set(getattr(item, "fixturenames", ()))
        and item.get_closest_marker("any_broker") is None
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in needing])
    items[:] = needing


def _spread(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Put files of each folder beside those of the others.

    Whole processes mostly wait for each other, and one part keeps a core busy: each of them alone
    leaves either cores or workers idle. What takes longest is over first, so that no worker waits
    for another at the end.
    """
    files = [*dict.fromkeys(item.path for item in items)]
    places: dict[Path, float] = {}
    for folder, until in _ENDS.items():
        its = [path for path in files if _TESTS / folder in path.parents]
        places |= {path: until * number / len(its) for number, path in enumerate(its)}
    return sorted(items, key=lambda item: places.get(item.path, 0.0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a skipped test fail where `--no-skips` is asked for."""
    report = yield
    if item.config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(call.excinfo.value) if call.excinfo else ""
        if not _OF_ANOTHER_STACK.search(reason):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} is skipped, and --no-skips is set: {reason}"
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """End at once, with one line, when containers are asked for and can't be had."""
    try:
        check(_kind(session.config))
    except DemoError as error:
        raise pytest.UsageError(f"--stack containers: {error}") from error


def pytest_sessionfinish() -> None:
    """End the log before its stream: threads live on in a worker that waits for others."""
    logger.remove()


@pytest.fixture(scope="session", autouse=True)
def unwatched() -> None:
    """Let no test, and nothing that it starts, know of the terminal or the CI that shows it."""
    for name in [*filter(_OF_WHO_WATCHES.fullmatch, os.environ)]:
        del os.environ[name]


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> BrokerKind:
    """The servers that `--stack` asks for, for `Stack(servers=broker_kind.servers)`."""
    return _kind(request.config)


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    """The folder, ports and processes of the servers that all tests share."""
    with Workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
def postgres(broker_kind: BrokerKind, workspace: Workspace) -> Postgres:
    """A running PostgreSQL that all tests share."""
    server = broker_kind.servers.postgres(workspace=workspace, durable=False)
    server.start()
    return server


@pytest.fixture(scope="session")
def broker(broker_kind: BrokerKind, workspace: Workspace) -> Broker:
    """A running broker that all tests share."""
    broker = broker_kind.servers.broker(workspace=workspace)
    broker.start()
    return broker


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a database with the schema and no rows, to copy."""
    with _administrator(postgres) as connection:
        connection.execute(_statement("create database {}", _TEMPLATE))
    dsn = postgres.dsn_of(_TEMPLATE)
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        migrate(connection)
    return _TEMPLATE


@pytest.fixture
def database(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """The DSN of a database of the test's own, with the schema and no rows."""
    yield from new_database(postgres, migrated_template)


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The DSN of a database of the test's own, with nothing in it."""
    yield from new_database(postgres, "template0")


@pytest.fixture
def bare_stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    """A stack of the test's own, of which nothing runs yet."""
    with Stack(servers=broker_kind.servers) as stack:
        yield stack


@pytest.fixture
def stack(bare_stack: Stack) -> Stack:
    """A stack of the test's own, whose servers and neighbours run; its topic is made."""
    bare_stack.start()
    bare_stack.create_topic()
    return bare_stack


@pytest.fixture
def topics() -> TopicNames:
    """Names of topics and of a consumer group that no other test uses; none of them exists."""
    return new_topics()


def new_topics() -> TopicNames:
    """Return names that no other test uses."""
    number = next(_numbers)
    return TopicNames(
        orders=f"orders{number}",
        fills=f"fills{number}",
        dlq=f"orders{number}.dlq",
        group=f"fix_engine{number}",
    )


def _kind(config: pytest.Config) -> BrokerKind:
    return BrokerKind(config.getoption("--stack"))


def new_database(server: Postgres, template: str) -> Iterator[str]:
    """Yield the DSN of a copy of a database, and drop it."""
    name = f"test{next(_numbers)}"
    with _administrator(server) as connection:
        connection.execute(_statement("create database {} template {}", name, template))
    yield server.dsn_of(name)
    with _administrator(server) as connection:
        connection.execute(_statement("drop database {} with (force)", name))


def _administrator(server: Postgres) -> closing[psycopg.Connection]:
    return closing(psycopg.connect(server.dsn, autocommit=True))


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


@pytest.fixture
def events() -> Iterator[list[str]]:
    """What is logged from INFO on, as it comes."""
    with heard("INFO", lambda message: message.record["message"]) as seen:
        yield seen
