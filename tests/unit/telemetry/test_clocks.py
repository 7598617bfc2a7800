"""Clocks that are too far apart are told, and how far they are."""

import pytest
from prometheus_client import CollectorRegistry, Gauge

from fixengine.telemetry.clocks import ClockWatch
from tests.support.clocks import Clock
from tests.support.log import heard


@pytest.mark.parametrize(
    ("database", "ahead", "said"),
    [
        (1000.0, 0, []),
        (1004.0, 0, []),  # the answer took its time
        (1005.0, -1, []),
        (970.0, 30, []),
        (969.0, 31, ["this process's clock is 31 s ahead of the database's: set them right"]),
        (1035.0, -31, ["this process's clock is 31 s behind the database's: set them right"]),
    ],
)
def test_how_far_apart_they_are_is_measured_and_too_far_is_told(
    database: float, ahead: float, said: list[str]
) -> None:
    clock = Clock(now=1000.0)
    registry = CollectorRegistry()
    watch = ClockWatch(Gauge("ahead", "Test", registry=registry), clock=clock)
    with heard("WARNING", lambda line: line.record["extra"]["reason"]) as lines:
        for _ in range(2):
            asked_at = watch.now()
            clock.now += 4
            watch.compare(database, asked_at=asked_at)
            clock.now -= 4
    assert registry.get_sample_value("ahead") == ahead
    assert lines == said


def test_that_they_agree_again_is_told() -> None:
    watch = ClockWatch(Gauge("ahead", "Test", registry=CollectorRegistry()), clock=Clock(now=0.0))
    with heard("INFO", lambda line: line.record["message"]) as lines:
        watch.compare(100.0, asked_at=0.0)
        watch.compare(0.0, asked_at=0.0)
    assert [line.rpartition("database ")[2] for line in lines] == [
        "are too far apart",
        "agree again",
    ]
