"""What the suite's Kafka instruments count, as the intake goes through good and bad days."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic, time
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from fixengine.errors import RejectedError, UnavailableError
from fixengine.ports.kafka import Headers
from fixengine.recurring import end_counts
from tests.support.intake_desk import A_MOMENT, UNKNOWN, Desk, lend_desk, record
from tests.support.log import heard
from tests.unit.supervision.family import wait_until

LABELS = {"service", "consumer_group", "topic", "partition"}
DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Lend a desk; its parameter, if it has one, are the seconds of a pause for each order."""
    with lend_desk(pause=getattr(request, "param", 0.0)) as desk:
        desk.boot()
        yield desk


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    with heard("WARNING", lambda message: message.record["message"]) as seen:
        yield seen


def family(registry: CollectorRegistry, name: str) -> Metric:
    (found,) = (each for each in registry.collect() if each.name == name)
    return found


def test_a_record_counts_once_when_it_is_stored_after_retries_that_are_idle_time(
    desk: Desk,
) -> None:
    desk.failures.extend([UnavailableError("away")] * 2)
    desk.poll(record())
    wait_until(desk.processed)
    desk.see_more()
    assert desk.processed() == 1
    assert desk.failed() == 0
    assert desk.total("kafka_consumer_records_polled_total") == 1
    assert desk.total("kafka_consumer_processing_duration_seconds_count") == 1
    busy = desk.total("kafka_consumer_processing_seconds_total")
    assert busy == desk.total("kafka_consumer_processing_duration_seconds_sum")
    assert 0 < busy < 0.1
    assert desk.total("kafka_consumer_idle_seconds_total") > A_MOMENT


@pytest.mark.parametrize("desk", [0.3], indirect=True)
def test_a_pause_for_each_order_counts_as_work(desk: Desk) -> None:
    began = monotonic()
    for number, value in ((1, None), (2, b"no order"), (3, None)):
        desk.poll(record(number, value=value))
    wait_until(lambda: desk.processed() == 2)
    assert monotonic() - began > 2 * 0.3
    assert desk.total("kafka_consumer_processing_seconds_total") > 2 * 0.3
    assert desk.total("kafka_consumer_processing_duration_seconds_bucket", le="0.25") == 0
    desk.write_letters()
    assert desk.failed() == 1
    assert desk.total("kafka_consumer_processing_seconds_total") > 3 * 0.3


def test_nothing_counts_while_it_waits(desk: Desk) -> None:
    desk.failures.extend([UnavailableError("away")] * 50)
    desk.poll(record())
    wait_until(lambda: len(desk.failures) < 50)
    desk.see_more()
    assert desk.processed() == desk.failed() == 0
    assert desk.total("kafka_consumer_processing_seconds_total") == 0
    assert desk.total("kafka_consumer_message_latency_seconds_count") == 0


def test_an_order_that_is_stored_already_is_processed(desk: Desk) -> None:
    desk.poll(record(1), record(1, partition=4))
    wait_until(lambda: desk.processed() == 2)
    assert desk.total("kafka_consumer_messages_processed_total", partition="4") == 1
    assert desk.failed() == 0


@pytest.mark.parametrize(
    ("bad", "failures"),
    [
        pytest.param({"value": b"no order"}, [], id="undecodable"),
        pytest.param({"security_id": UNKNOWN}, [], id="of an unknown security"),
        pytest.param({}, [RejectedError("too large")], id="refused by the database"),
    ],
)
def test_a_dead_letter_counts_as_failed_once_the_broker_has_it(
    desk: Desk, bad: dict[str, Any], failures: list[Exception]
) -> None:
    desk.failures.extend(failures)
    desk.poll(record(timestamp_ms=int(time() * 1000), **bad))
    wait_until(lambda: desk.letters)
    desk.see_more()
    assert desk.failed() == 0
    desk.write_letters()
    desk.write_letters()
    assert desk.failed() == 1
    assert desk.processed() == 0
    for name in ("processing_duration", "message_latency"):
        assert desk.total(f"kafka_consumer_{name}_seconds_count") == 1
        assert desk.total(f"kafka_consumer_{name}_seconds_count", result="failure") == 1


def test_what_another_engine_will_read_again_is_not_counted_here(desk: Desk) -> None:
    desk.poll(record(value=b"no order"), record(2, partition=4, value=b"no order"))
    wait_until(lambda: len(desk.letters) == 2)
    desk.source.revoke(frozenset({3}))
    desk.write_letters()
    assert desk.failed() == desk.total("kafka_consumer_messages_failed_total", partition="4") == 1


def test_empty_polls_are_idle_time_of_no_partition(desk: Desk) -> None:
    desk.see_more()
    polling = desk.total("kafka_consumer_poll_seconds_total", partition="unknown", topic="orders")
    assert polling > A_MOMENT / 2
    desk.see_more()
    for name in ("poll", "idle"):
        total = f"kafka_consumer_{name}_seconds_total"
        assert desk.total(total) == desk.total(total, partition="unknown") > polling
    assert family(desk.registry, "kafka_consumer_records_polled").samples == []


def test_a_poll_counts_its_records_and_its_time_for_their_partitions(desk: Desk) -> None:
    desk.poll(record(1), record(2), record(3), record(4, partition=4))
    wait_until(lambda: desk.processed() == 4)
    assert desk.total("kafka_consumer_records_polled_total", partition="3") == 3
    assert desk.total("kafka_consumer_records_polled_total", partition="4") == 1
    for name in ("poll", "idle"):
        total = f"kafka_consumer_{name}_seconds_total"
        time_of_three = desk.total(total, partition="3")
        assert time_of_three == pytest.approx(3 * desk.total(total, partition="4"))
        assert time_of_three > 0


def test_a_poll_that_does_not_return_adds_nothing() -> None:
    ended = Event()
    with lend_desk() as desk:
        desk.source.polls.append(UnavailableError("the consumer is closed"))
        desk.boot(on_exit=lambda _: ended.set())
        assert ended.wait(60)
    counted = {sample.name for each in desk.registry.collect() for sample in each.samples}
    assert counted == {
        "fixengine_assigned_partitions",
        "fixengine_orders_deleted_unread_total",
    }


@pytest.mark.parametrize(
    "created",
    [
        pytest.param(lambda at: {"headers": ms(at)}, id="a header of milliseconds"),
        pytest.param(lambda at: {"headers": header(f"{at:.3f}")}, id="a header of seconds"),
        pytest.param(
            lambda at: {"headers": header(datetime.fromtimestamp(at, UTC).isoformat())},
            id="a header of RFC 3339",
        ),
        pytest.param(lambda at: {"extra": f',"createdAt":{at * 1000:.0f}'}, id="createdAt"),
        pytest.param(lambda at: {"extra": f',"created_at":{at * 1000:.0f}'}, id="created_at"),
        pytest.param(lambda at: {"timestamp_ms": int(at * 1000)}, id="the record's own time"),
    ],
)
def test_latency_is_from_creation_to_completion(
    desk: Desk, created: Callable[[float], dict[str, Any]]
) -> None:
    desk.poll(record(**created(time() - 90)))
    wait_until(desk.processed)
    latency = desk.total("kafka_consumer_message_latency_seconds_sum", result="success")
    assert latency == pytest.approx(90, abs=2)


def test_the_header_counts_before_the_payload_and_that_before_the_record(desk: Desk) -> None:
    now = time()
    payload = f',"createdAt":{(now - 200) * 1000:.0f}'
    desk.poll(record(headers=ms(now - 100), extra=payload, timestamp_ms=1000))
    wait_until(desk.processed)
    sums = "kafka_consumer_message_latency_seconds_sum"
    assert desk.total(sums) == pytest.approx(100, abs=2)
    desk.poll(record(2, headers=header("soon"), extra=payload, timestamp_ms=1000))
    wait_until(lambda: desk.processed() == 2)
    assert desk.total(sums) == pytest.approx(300, abs=4)


def test_a_clock_that_is_a_little_ahead_counts_as_none(desk: Desk, warnings: list[str]) -> None:
    desk.poll(record(headers=ms(time() + 0.9)))
    wait_until(desk.processed)
    assert desk.total("kafka_consumer_message_latency_seconds_bucket", le="0.01") == 1
    assert desk.total("kafka_consumer_message_latency_seconds_sum") == 0
    assert warnings == []


@pytest.mark.parametrize("ahead", [timedelta(seconds=10), None])
def test_a_time_that_cannot_be_is_skipped_with_a_warning(
    desk: Desk, warnings: list[str], ahead: timedelta | None
) -> None:
    headers = () if ahead is None else ms(time() + ahead.total_seconds())
    desk.poll(record(headers=headers))
    wait_until(desk.processed)
    desk.see_more()
    assert desk.total("kafka_consumer_message_latency_seconds_count") == 0
    assert desk.total("kafka_consumer_processing_duration_seconds_count", result="success") == 1
    assert warnings == ["record has no usable creation time"]


def test_a_senders_clock_that_is_ahead_costs_two_lines_and_not_one_for_each_record(
    desk: Desk, warnings: list[str]
) -> None:
    ahead = ms(time() + 60)
    for first in range(1, 2001, 100):
        desk.poll(*(record(number, headers=ahead) for number in range(first, first + 100)))
    wait_until(lambda: desk.processed() == 2000, 60)
    end_counts()
    assert warnings == ["record has no usable creation time"] * 2


def test_bad_orders_cost_two_lines_and_not_one_for_each_poll(
    desk: Desk, warnings: list[str]
) -> None:
    for number in range(100):
        desk.poll(record(number, value=b"no order"))
    wait_until(lambda: len(desk.letters) == 100, 60)
    end_counts()
    assert warnings == ["orders are bad, dead letters are written"] * 2


def test_labels_and_buckets_are_the_suites(desk: Desk) -> None:
    desk.poll(record(timestamp_ms=int(time() * 1000)), record(2, value=b"", timestamp_ms=0))
    wait_until(lambda: desk.letters and desk.processed())
    desk.write_letters()
    names = set()
    for each in desk.registry.collect():
        if not each.name.startswith("kafka_consumer_"):
            continue
        names.add(each.name)
        more = {"result"} if each.type == "histogram" else set()
        for sample in each.samples:
            assert sample.labels.keys() - {"le"} == LABELS | more
            assert sample.labels["service"] == "globeco-fix-engine"
            assert sample.labels["consumer_group"] == "fix_engine"
            assert sample.labels["topic"] == "orders"
            assert sample.labels["partition"] in {"3", "unknown"}
    assert names == {
        "kafka_consumer_messages_processed",
        "kafka_consumer_messages_failed",
        "kafka_consumer_processing_seconds",
        "kafka_consumer_idle_seconds",
        "kafka_consumer_records_polled",
        "kafka_consumer_poll_seconds",
        "kafka_consumer_processing_duration_seconds",
        "kafka_consumer_message_latency_seconds",
    }
    assert bounds(desk, "kafka_consumer_processing_duration_seconds") == DURATION_BUCKETS
    assert bounds(desk, "kafka_consumer_message_latency_seconds") == LATENCY_BUCKETS


def bounds(desk: Desk, name: str) -> list[float]:
    samples = family(desk.registry, name).samples
    found = {float(each.labels["le"]) for each in samples if "le" in each.labels}
    return sorted(found - {float("inf")})


def header(text: str) -> Headers:
    return (("created_at", text.encode()),)


def ms(at: float) -> Headers:
    return header(f"{at * 1000:.0f}")
