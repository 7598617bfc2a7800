"""The parts that every other integration test stands on."""

import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import psycopg
import pytest
import urllib3
from confluent_kafka import Consumer, Producer

from fixengine.demo.errors import DemoError
from fixengine.demo.feed.universe import UNPRICEABLE, all_listings, priced_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.neighbours.stub import Mode, Stub
from fixengine.demo.servers.broker import Broker
from fixengine.demo.stack import Stack
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from tests.support.stacks import BrokerKind
from tests.support.stubs import running

AGILENT = "6dcd4ce23d88e2ee9568ba54"


@pytest.fixture
def own_workspace() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture
def securities(own_workspace: Workspace) -> Iterator[SecurityService]:
    port = own_workspace.reserve_port()
    with running(SecurityService(port=port, listings=all_listings())) as service:
        yield service


@pytest.fixture
def prices(own_workspace: Workspace) -> Iterator[PricingService]:
    port = own_workspace.reserve_port()
    with running(PricingService(port=port, listings=all_listings())) as service:
        yield service


def get(stub: Stub, path: str, timeout: float = 5.0) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        return pool.request("GET", stub.url + path)


def test_a_crashed_database_comes_back_at_the_same_address_with_what_was_committed(
    broker_kind: BrokerKind, own_workspace: Workspace
) -> None:
    server = broker_kind.servers.postgres(workspace=own_workspace, durable=False)
    server.start()
    address = server.dsn
    with psycopg.connect(address) as connection:
        connection.execute("create table kept as select 42 as answer")
    server.crash()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    server.start()
    assert server.dsn == address
    with psycopg.connect(address) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    server.stop()
    server.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_every_test_gets_a_database_of_its_own_with_the_schema(database: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute("select count(*) from public.execution").fetchone()
    assert row == (0,)


def test_the_broker_keeps_key_value_and_headers_byte_for_byte(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders, partitions=3)
    create_topic(broker.bootstrap, topics.orders, partitions=3)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
    headers: list[tuple[str, str | bytes | None]] = [("a", b"\x00\xff"), ("a", b""), ("none", None)]
    producer.produce(topics.orders, key=b"\xff", value=b"\x00", headers=headers, partition=2)
    producer.produce(topics.orders, key=None, value=None, partition=0)
    assert producer.flush(60) == 0
    records = read_topic(broker.bootstrap, topics.orders)
    assert [(r.partition, r.offset, r.key, r.value, r.headers) for r in records] == [
        (0, 0, None, None, ()),
        (2, 0, b"\xff", b"\x00", tuple(headers)),
    ]


def test_a_topic_that_nobody_made_reads_as_empty(broker: Broker, topics: TopicNames) -> None:
    assert read_topic(broker.bootstrap, topics.fills) == ()


def test_a_consumer_group_is_joined_quickly(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    producer.produce(topics.orders, value=b"hello")
    assert producer.flush(60) == 0
    began = time.monotonic()
    consumer = Consumer(
        {
            **broker.client_config,
            "bootstrap.servers": broker.bootstrap,
            "group.id": topics.group,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topics.orders])
    wait_until(lambda: consumer.poll(0.1), 60, "the first record")
    assert time.monotonic() - began < 22  # 23 with settings as librdkafka has them
    consumer.close()


def test_apache_kafka_keeps_its_records_when_killed(broker_kind: BrokerKind) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker keeps its records in memory")
    with Stack(servers=broker_kind.servers) as stack:
        stack.broker.start()
        stack.create_topic()
        producer = Producer({"bootstrap.servers": stack.broker.bootstrap, "log_level": 0})
        producer.produce(stack.topics.orders, value=b"kept")
        assert producer.flush(60) == 0
        stack.broker.kill()
        stack.broker.start()
        records = read_topic(stack.broker.bootstrap, stack.topics.orders)
        assert [record.value for record in records] == [b"kept"]


def test_the_security_service_answers_as_the_real_one(securities: SecurityService) -> None:
    known = get(securities, f"/api/v1/security/{AGILENT}")
    assert known.status == 200
    assert known.json()["ticker"] == "A"
    assert known.json()["securityId"] == AGILENT
    unknown = get(securities, f"/api/v1/security/{'0' * 24}")
    assert (unknown.status, unknown.json()) == (404, {"detail": "Security not found"})
    assert get(securities, "/api/v1/security/xyz").status == 500
    everything = get(securities, "/api/v1/securities").json()
    assert len(everything) == len(priced_listings()) + len(UNPRICEABLE)
    assert securities.calls == {"security": 3, "securities": 1}


def test_the_pricing_service_samples_anew_on_each_call(prices: PricingService) -> None:
    with urllib3.PoolManager() as pool:
        answers = [pool.request("GET", f"{prices.url}/api/v1/price/BRK%2EB") for _ in range(100)]
    samples = [answer.json()["close"] for answer in answers]
    (listing,) = [one for one in priced_listings() if one.ticker == "BRK.B"]
    assert listing.price is not None
    assert fmean(samples) == pytest.approx(listing.price, abs=listing.price_std)
    assert len(set(samples)) > 50
    assert all(re.fullmatch(rb'.*"close": \d+\.\d{1,2},.*', answer.data) for answer in answers)


def test_the_pricing_service_prices_every_listing_that_has_a_price(prices: PricingService) -> None:
    everything = get(prices, "/api/v1/prices").json()
    assert [one["ticker"] for one in everything] == [one.ticker for one in priced_listings()]
    assert all(one["close"] > 0 for one in everything)
    assert get(prices, f"/api/v1/price/{UNPRICEABLE[0].ticker}").status == 404


def test_a_neighbour_can_be_broken_hung_and_gone(prices: PricingService) -> None:
    prices.mode = Mode.ERROR
    assert get(prices, "/api/v1/prices").status == 500
    prices.mode = Mode.GARBAGE
    garbage = get(prices, "/api/v1/prices")
    assert garbage.status == 200
    with pytest.raises(json.JSONDecodeError):
        garbage.json()
    prices.mode = Mode.HANG
    with pytest.raises(urllib3.exceptions.TimeoutError):
        get(prices, "/api/v1/prices", timeout=0.2)
    prices.stop()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        get(prices, "/api/v1/prices")
    prices.mode = Mode.NORMAL
    prices.start()
    assert get(prices, "/api/v1/prices").status == 200


def test_a_process_that_ends_early_is_reported_with_its_last_words(
    own_workspace: Workspace,
) -> None:
    child = own_workspace.child("brief", [sys.executable, "-c", "print('no luck'); exit(3)"])
    child.start()
    with pytest.raises(DemoError, match=r"^brief ended with 3: no luck$"):
        child.wait_until_up(lambda: False, 60)


def test_of_an_error_with_its_stack_the_last_words_are_the_error(
    own_workspace: Workspace,
) -> None:
    stack = "java.io.IOException: no room\\n\\tat Log.append(Log.java:7)\\n"
    child = own_workspace.child("brief", [sys.executable, "-c", f"print('{stack}'); exit(3)"])
    child.start()
    with pytest.raises(DemoError, match=r"^brief ended with 3: java\.io\.IOException: no room$"):
        child.wait_until_up(lambda: False, 60)


def test_two_processes_of_a_workspace_can_not_have_one_name(own_workspace: Workspace) -> None:
    own_workspace.child("kafka", [sys.executable, "-c", ""])
    with pytest.raises(DemoError, match=r"^the workspace has a kafka already: give this one"):
        own_workspace.child("kafka", [sys.executable, "-c", ""])


def test_a_process_that_ignores_its_deadline_is_killed(own_workspace: Workspace) -> None:
    program = "import signal; signal.signal(15, 1); print('up', flush=True); signal.pause()"
    child = own_workspace.child("stubborn", [sys.executable, "-c", program])
    child.start()
    child.wait_until_up(lambda: child.last_words() == "up", 60)
    child.pause()
    child.resume()
    with pytest.raises(DemoError, match=r"^stubborn did not end within 0\.2 s of SIGTERM"):
        child.stop(deadline_seconds=0.2)
    assert child.exit_code == -9


def test_nothing_is_left_when_the_owner_of_a_stack_is_killed(
    broker_kind: BrokerKind, own_workspace: Workspace
) -> None:
    program = (
        "import time\n"
        "from fixengine.demo.stack import Stack\n"
        "from tests.support.stacks import BrokerKind\n"
        f"stack = Stack(servers=BrokerKind.{broker_kind.name}.servers); stack.start()\n"
        "print(stack.workspace.folder, stack.postgres.port, flush=True); time.sleep(600)"
    )
    owner = own_workspace.child("owner", [sys.executable, "-c", program], environment=_imports())
    owner.start()
    owner.wait_until_up(lambda: re.fullmatch(r"/.+ \d+", owner.last_words()), 60)
    folder, port = owner.last_words().rsplit(" ", 1)
    assert Path(folder).exists()
    owner.kill()
    wait_until(lambda: not Path(folder).exists(), 60, "the folder to go")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=60)


def test_a_folder_to_keep_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(DemoError, match="is not empty"):
        Workspace(keep=tmp_path)


def test_kept_files_stay(tmp_path: Path) -> None:
    with Workspace(keep=tmp_path / "kept") as workspace:
        workspace.subfolder("data")
    assert (tmp_path / "kept" / "data").is_dir()


def _imports() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
