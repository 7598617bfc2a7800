"""The thread that exports, whatever goes wrong in it."""

from fixengine.config.collector import Collector
from fixengine.demo.waiting import wait_until
from fixengine.infra.otlp.answers import UNAVAILABLE, CallError
from fixengine.infra.otlp.exporter import Exporter, Send

NOBODY = Collector(target="127.0.0.1:1", tls=False)


class Exports:
    """Counts exports, and fails as it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.number = 0
        self.error = error

    def __call__(self, send: Send) -> None:
        self.number += 1
        if self.error is not None:
            raise self.error


def exporter(export: Exports, interval: float) -> Exporter:
    return Exporter("metrics", collector=NOBODY, path="/", interval=interval, export=export)


def test_an_error_that_nobody_thought_of_does_not_end_the_exports(events: list[str]) -> None:
    exports = Exports(KeyError("a bug"))
    exporting = exporter(exports, 0.01)
    exporting.start()
    wait_until(lambda: exports.number > 2, 60, "further exports")
    exporting.stop(60)
    assert events == ["a thread failed in its duty, it goes on"]


def test_what_is_new_is_exported_at_the_end() -> None:
    exports = Exports()
    exporting = exporter(exports, 3600)
    exporting.start()
    exporting.stop(60)
    exporting.stop(60)
    assert exports.number == 1


def test_the_last_export_leaves_time_for_the_one_that_is_under_way(events: list[str]) -> None:
    """It may take half of what is left for both."""
    times: list[float] = []

    class Timed(Exporter):
        def _step(self, timeout: float) -> None:
            times.append(timeout)

    exporting = Timed("metrics", collector=NOBODY, path="/", interval=3600, export=Exports())
    exporting.start()
    exporting.stop(60)
    assert times == [30]


def test_an_exporter_that_is_hurried_does_not_wait_for_its_interval() -> None:
    exports = Exports()
    exporting = exporter(exports, 3600)
    exporting.start()
    exporting.hurry()
    wait_until(lambda: exports.number == 1, 60, "the export")
    exporting.stop(60)


def test_an_exporter_is_not_hurried_while_the_collector_is_away(events: list[str]) -> None:
    exports = Exports(CallError(UNAVAILABLE, "nobody is there"))
    exporting = exporter(exports, 3600)
    exporting.start()
    exporting.hurry()
    wait_until(lambda: events == ["exports wait for the collector"], 60, "the outage")
    exporting.hurry()
    assert not exporting._wake.is_set()
    exporting.stop(60)
