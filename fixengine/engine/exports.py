"""What tells a collector of OpenTelemetry, where there is one."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from fixengine.config import Settings

if TYPE_CHECKING:
    from fixengine.infra.otlp.metrics import MetricExport
    from fixengine.infra.otlp.traces import SpanExport


def metric_export(settings: Settings, registry: CollectorRegistry) -> "MetricExport | None":
    """Return what sends all metrics of a registry, None where no collector is configured."""
    if settings.metric_collector is None:
        return None
    # 4 MB that an engine without a collector does without
    from fixengine.infra.otlp.metrics import MetricExport  # noqa: PLC0415

    return MetricExport(
        registry,
        collector=settings.metric_collector,
        interval=settings.otel_metric_interval_seconds,
        resource=settings.otel_resource,
    )


def span_export(settings: Settings) -> "SpanExport | None":
    """Return what sends spans of traces, None where no collector is configured."""
    if settings.trace_collector is None:
        return None
    # as above
    from fixengine.infra.otlp.traces import SpanExport  # noqa: PLC0415

    return SpanExport(collector=settings.trace_collector, resource=settings.otel_resource)
