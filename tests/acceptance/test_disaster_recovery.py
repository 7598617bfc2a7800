"""The commands of docs/disaster-recovery.md bring back what was lost; the audit has the say."""

import re
import subprocess

import psycopg

from fixengine.demo.audit.report import Expectations
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_for_more, wait_until_done
from tests.support.documents import blocks, commands, page
from tests.support.feed.mixed import mixed_orders
from tests.support.shell import typed
from tests.support.stacks import BrokerKind

PAGE = page("disaster-recovery")


class Operator:
    """Types the page's commands in a shell with an engine's settings."""

    def __init__(self, stack: Stack) -> None:
        self._folder = stack.workspace.subfolder("operator")
        self._settings = stack.environment()

    def types(self, beginning: str) -> subprocess.CompletedProcess[str]:
        """Run the command that begins like this, and has nothing more to say."""
        (command,) = {line for line in commands(PAGE) if line.startswith(beginning)} - {
            f"{beginning} --apply"
        }
        return typed(command, folder=self._folder, settings=self._settings)

    def succeeds(self, beginning: str) -> list[str]:
        """Run it and return its lines."""
        done = self.types(beginning)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def test_a_restored_database_is_brought_forward(stack: Stack, broker_kind: BrokerKind) -> None:
    """The backup is made under load, and the engine killed later, also under load.

    The embedded broker keeps a dead member in its group for ever; there the engine drains.
    """
    fed = mixed_orders(seed=20261123, good=900, bad=5)
    operator = Operator(stack)
    engine = stack.engine("lost", **FAST)
    engine.start()
    send(stack, fed[:300])
    wait_for_more(stack, "fill", 200)
    assert count(stack, "outbox") + count(stack, "execution where is_open") > 0
    operator.succeeds("pg_dump")
    send(stack, fed[300:600])
    wait_for_more(stack, "fill", 900)
    assert "the engine" in operator.types("fixengine reconcile").stderr
    send(stack, fed[600:])
    if broker_kind is BrokerKind.EMBEDDED:
        engine.terminate()
    else:
        engine.kill()
    operator.succeeds("psql")
    operator.succeeds("pg_restore")
    stored = count(stack, "execution")
    wait_until(
        lambda: operator.types("fixengine reconcile").returncode == 0, 60, "the group to notice"
    )
    would = operator.succeeds("fixengine reconcile")
    (shown,) = (block for block in blocks(PAGE, "text") if "messages of fills read" in block)
    assert re.sub(r"\d+", "N", "\n".join(would)) == re.sub(r"\d+", "N", shown.strip())
    assert count(stack, "execution") == stored
    assert operator.succeeds("fixengine reconcile --apply") == would[:-1]
    assert count(stack, "execution") > stored
    heir = stack.engine("heir", **FAST)
    heir.start()
    wait_until_done(stack, fed)
    assert heir.terminate() == 0
    assert audited(stack, fed).counts.repeated_messages == 0


def test_fills_that_were_lost_with_their_topic_are_published_again(stack: Stack) -> None:
    fed = mixed_orders(seed=5, good=200, bad=0)
    engine = stack.engine("first", **FAST)
    engine.start()
    send(stack, fed)
    wait_until_done(stack, fed)
    assert engine.terminate() == 0
    (insert,) = (block for block in blocks(PAGE, "sql") if "insert into outbox" in block)
    with psycopg.connect(stack.postgres.dsn) as connection:
        connection.execute(insert.replace("2026-07-28T09:30:00Z", "1970-01-01T00:00:00Z").encode())
        last = connection.execute("select count(*) from outbox").fetchone()
    assert last == (200,)
    # as if the topic were a new one
    engine = stack.engine("second", **FAST, KAFKA_FILLS_TOPIC="fills.again")
    engine.start()
    wait_until(lambda: count(stack, "outbox") == 0, 60, "all to be published")
    assert engine.terminate() == 0
    before = {record.key: record.value for record in read_topic(stack.broker.bootstrap, "fills")}
    again = {r.key: r.value for r in read_topic(stack.broker.bootstrap, "fills.again")}
    assert again == before, "the last message of each order, with the same bytes"
    audited(stack, fed, Expectations(repeats_allowed=False))
