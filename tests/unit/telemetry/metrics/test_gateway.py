"""What the gateway counts has few labels, whatever clients send."""

from prometheus_client import CollectorRegistry

from fixengine.telemetry.metrics.gateway import GatewayMetrics


def test_messages_are_counted_by_type_and_what_nobody_speaks_together() -> None:
    registry = CollectorRegistry()
    kinds = (b"D", b"D", b"ZZ", b"\xff", b"A" * 99)
    GatewayMetrics(registry).passed(came=kinds, went=(b"8",), seconds=0.5)

    def counted(direction: str, kind: str) -> float | None:
        return registry.get_sample_value(
            f"fixengine_fix_messages_{direction}_total", {"type": kind}
        )

    assert (counted("in", "D"), counted("in", "other")) == (2, 3)
    assert (counted("out", "8"), counted("out", "D")) == (1, None)
    assert registry.get_sample_value("fixengine_fix_step_seconds_sum") == 0.5


def test_each_way_to_be_shown_out_is_there_before_it_happens() -> None:
    registry = CollectorRegistry()
    GatewayMetrics(registry)
    wrong = {"outcome": "wrong_credentials"}
    assert registry.get_sample_value("fixengine_fix_logons_total", wrong) == 0
