"""Hostile records through the intake of a real engine process, in rounds; exit 1 on a problem."""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import urllib3

from fixengine.commands.argument_types import positive
from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack
from fixengine.demo.topics import create_topic
from fixengine.demo.waiting import wait_until
from fixengine.infra.process.interrupts import signals_as_interrupts
from tests.fuzz.hostile import hostile_records
from tests.fuzz.intake import NO_FILLS, HostileFeed, audit, committed, resident, settled
from tests.support.stacks import BrokerKind

ROUND = 20_000
WARM_AFTER = 0.5
"""The share of the rounds after which an engine has had the worst at once, and grows no more."""

MOST_GROWTH = 8.0
"""MB by which it may grow after that."""

_ROUND_SECONDS = 240.0
_SHOWN_PROBLEMS = 20


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=positive(int), default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--corpus", type=Path, help="a folder of bodies to spoil further")
    parser.add_argument(
        "--broker", choices=BrokerKind, type=BrokerKind, default=BrokerKind.EMBEDDED
    )
    arguments = parser.parse_args()
    corpus = _bodies(arguments.corpus)
    print(f"seed {arguments.seed}, {len(corpus)} bodies of a corpus", flush=True)
    with signals_as_interrupts(), Stack(servers=arguments.broker.servers) as stack:
        problems = _run(stack, messages=arguments.messages, seed=arguments.seed, corpus=corpus)
    for problem in problems[:_SHOWN_PROBLEMS]:
        print(f"  problem: {problem}")
    print(f"{len(problems)} problems: python -m tests.fuzz --seed {arguments.seed}")
    return 1 if problems else 0


def _bodies(folder: Path | None) -> Sequence[bytes]:
    files = () if folder is None else sorted(folder.iterdir())
    return tuple(content for file in files if (content := file.read_bytes()))


def _run(stack: Stack, *, messages: int, seed: int, corpus: Sequence[bytes]) -> list[str]:
    stack.start()
    stack.create_topic()
    create_topic(stack.broker.bootstrap, stack.topics.dlq, partitions=1)
    engine = stack.engine(FILL_DELAY_FIRST=NO_FILLS, LOG_LEVEL="error")
    engine.start()
    feed = HostileFeed(
        hostile_records(seed, corpus), bootstrap=stack.broker.bootstrap, topic=stack.topics.orders
    )
    sizes: list[float] = []
    while feed.sent < messages:
        sizes.append(_round(stack, engine, feed, min(ROUND, messages - feed.sent)))
    counted = settled(_metrics(engine))
    problems = [] if engine.terminate() == 0 else ["the engine did not end well"]
    account = audit(
        islice(hostile_records(seed, corpus), messages),
        counted=counted,
        dsn=stack.postgres.dsn,
        bootstrap=stack.broker.bootstrap,
        topics=stack.topics,
    )
    warm = sizes[int(len(sizes) * WARM_AFTER) :]
    print(
        f"{account.records} records, {account.stored} stored, {account.buried} buried; "
        f"{sizes[0]:.0f} MB after a round, {max(sizes):.0f} at most, {sizes[-1]:.0f} at last",
        flush=True,
    )
    if warm and max(warm) - warm[0] > MOST_GROWTH:
        problems.append(f"the engine grows: {', '.join(f'{size:.0f}' for size in sizes)} MB")
    return problems + account.problems


def _round(stack: Stack, engine: Engine, feed: HostileFeed, number: int) -> float:
    """Send so many records, wait until the engine is done, and return its size in MB."""
    bootstrap, topics = stack.broker.bootstrap, stack.topics
    began = time.monotonic()
    feed.send(number)
    wait_until(
        lambda: committed(bootstrap, topics) == feed.sent,
        _ROUND_SECONDS,
        f"{feed.sent} records to be stored or buried",
    )
    size = resident(engine.process.pid)
    took = time.monotonic() - began
    print(f"{feed.sent} done, the last {number} in {took:.1f} s, {size:.0f} MB", flush=True)
    return size


def _metrics(engine: Engine) -> bytes:
    return urllib3.request("GET", f"{engine.health_url}/metrics", timeout=10).data


if __name__ == "__main__":
    sys.exit(main())
