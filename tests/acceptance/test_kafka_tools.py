"""The documents' commands with Kafka's own tools do what the documents say."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from fixengine.demo.feed.feed import orders
from fixengine.demo.servers.apache import fetched_jars
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, count, send
from tests.support.documents import commands, in_pod, page
from tests.support.feed.mixed import bad_orders
from tests.support.go_service import SCHEMA, GoPod
from tests.support.rows import change
from tests.support.stacks import BrokerKind

_TOOLS = {
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}


@pytest.fixture(autouse=True)
def apache(broker_kind: BrokerKind) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("Kafka's own tools come with Apache Kafka")


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
    assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
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
    (reset,) = (c for c in commands(page("disaster-recovery")) if c.startswith("kafka-"))
    engine = stack.engine(**FAST)
    engine.start()
    send(stack, list(islice(orders(seed=3), 40)))
    wait_until(lambda: count(stack, "execution") == 40, 60, "the orders")
    assert engine.terminate() == 0
    assert set(places(typed(stack, tools, reset)).values()) == {"0"}


def test_the_group_of_the_go_service_is_set_back_once_it_is_empty(
    stack: Stack, tools: Path
) -> None:
    """A partition that nobody has read stands in the way, and is left out."""
    look, back = (
        line.replace("/opt/kafka/bin/", "").replace("localhost:9092", stack.broker.bootstrap)
        for line in in_pod("upgrading-from-go", "globeco-execution-service-kafka-0")
    )
    fed = {o.expected.execution_service_id: o for o in islice(orders(seed=3), 5) if o.expected}
    send(stack, list(fed.values()))
    dsn = stack.postgres.dsn
    change(dsn, SCHEMA)
    with GoPod(dsn=dsn, broker=stack.broker, topics=stack.topics, orders=fed) as pod:
        wait_until(lambda: pod.stored == fed.keys(), 60, "the orders")
        assert "has no active members" not in typed(stack, tools, f"{look} 2>&1")
    looked_at = typed(stack, tools, f"{look} 2>&1")
    assert looked_at.strip().startswith("Consumer group 'fix_engine' has no active members.")
    read = places(looked_at)
    assert 0 < len(read) < 20
    refused = typed(stack, tools, f"! {back} 2>&1")
    assert refused.startswith("Cannot shift offset for partition orders-")
    assert "since there is no current committed offset" in refused.splitlines()[0]
    named = f"--topic orders:{','.join(read)}"
    moved = places(typed(stack, tools, back.replace("--topic orders", named)))
    assert moved == dict.fromkeys(read, "0")


def places(told: str) -> dict[str, str]:
    """Return the group's place in each partition that the tool has a line about."""
    lines = (line.split() for line in told.splitlines() if line.startswith("fix_engine"))
    return {partition: place for _, _, partition, place, *_ in lines}
