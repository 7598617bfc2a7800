"""The thread that exports, whatever goes wrong in it."""

import grpc

from fixengine.demo.waiting import wait_until
from fixengine.infra.otlp.channel import Exporter


def test_an_error_that_nobody_thought_of_does_not_end_the_exports(events: list[str]) -> None:
    exports: list[float] = []

    def export(timeout: float) -> None:
        exports.append(timeout)
        raise KeyError("a bug")

    exporter = Exporter(
        "metrics",
        channel=grpc.insecure_channel("127.0.0.1:1"),
        interval=0.01,
        timeout=None,
        export=export,
    )
    exporter.start()
    wait_until(lambda: len(exports) > 2, 60, "further exports")
    exporter.stop(60)
    assert events == ["a thread failed in its duty, it goes on"]


def test_the_last_export_leaves_time_for_the_one_that_is_under_way() -> None:
    exports: list[float] = []
    exporter = Exporter(
        "metrics",
        channel=grpc.insecure_channel("127.0.0.1:1"),
        interval=3600,
        timeout=None,
        export=exports.append,
    )
    exporter.start()
    exporter.stop(60)
    assert exports == [30]
