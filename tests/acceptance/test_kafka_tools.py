"""The documents' commands with Kafka's own tools do what the documents say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from fixengine.demo.apache import fetched_jars
from fixengine.demo.feed import bad_orders, orders
from fixengine.demo.options import BrokerKind
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, count, send
from tests.documents import commands, in_pod, page

_TOOLS = {
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}


@pytest.fixture
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("Kafka's own tools come with Apache Kafka")
    with Stack(broker=broker_kind) as stack:
        stack.start()
        stack.create_topic()
        yield stack


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the tools under the names that they have in the broker's image."""
    for name, program in _TOOLS.items():
        script = tmp_path / name
        script.write_text(
            f'#!/bin/sh\nexec java -cp "{fetched_jars()}/*" {program} "$@"\n', "utf-8"
        )
        script.chmod(0o755)
    return tmp_path


def typed(stack: Stack, tools: Path, command: str) -> str:
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        env={
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KAFKA_BROKERS": stack.broker.bootstrap,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def letters(stack: Stack) -> list[bytes | None]:
    return [letter.value for letter in read_topic(stack.broker.bootstrap, stack.topics.dlq)]


def test_dead_letters_are_looked_at_and_sent_again(stack: Stack, tools: Path) -> None:
    make, keep, number, show, reasons, again = (
        line for line in commands(page("dead-letters")) if line.startswith("kafka-")
    )
    kinds = {"quantity below 0", "unknown security"}
    bad = [order for order in islice(bad_orders(seed=3), 160) if order.kind in kinds]
    typed(stack, tools, make)
    engine = stack.engine(**FAST)
    engine.start()
    send(stack, bad)
    wait_until(lambda: len(letters(stack)) == len(bad), 60, "the letters")
    typed(stack, tools, keep)
    assert typed(stack, tools, number) == f"orders.dlq:0:{len(bad)}\n"
    shown = typed(stack, tools, show)
    assert shown.count("dlq.reason:") == len(bad)
    counted = typed(stack, tools, reasons)
    assert sum(int(line.split()[0]) for line in counted.splitlines()) == len(bad)
    typed(stack, tools, again)
    wait_until(lambda: len(letters(stack)) == len(bad) + 1, 60, "the letter to come back")
    assert letters(stack)[-1] == letters(stack)[3]


def test_the_group_reads_orders_again(stack: Stack, tools: Path) -> None:
    """As a page says that has the broker in a variable, and as one that runs all in its pod."""
    typed_alone = commands(page("disaster-recovery"))
    (reset,) = (line for line in typed_alone if line.startswith("kafka-"))
    look, again = (
        line.replace("/opt/kafka/bin/", "").replace("localhost:9092", stack.broker.bootstrap)
        for line in in_pod("upgrading-from-go", "globeco-execution-service-kafka-0")
    )
    nobody = "Consumer group 'fix_engine' has no active members."
    engine = stack.engine(**FAST)
    engine.start()
    send(stack, list(islice(orders(seed=3), 40)))
    wait_until(lambda: count(stack, "execution") == 40, 60, "the orders")
    assert nobody not in typed(stack, tools, f"{look} 2>&1")
    assert engine.terminate() == 0
    assert nobody in typed(stack, tools, f"{look} 2>&1")
    for command in (reset, again):
        assert_at_the_beginning(typed(stack, tools, command))


def assert_at_the_beginning(told: str) -> None:
    places = [line.split()[3] for line in told.splitlines() if line.startswith("fix_engine")]
    assert places
    assert set(places) == {"0"}
