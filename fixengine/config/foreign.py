"""Names in the environment that others give: OpenTelemetry's, and Kubernetes's links to Services.

What OpenTelemetry defines and the engine does not read is refused, with what to write instead:
who sets it expects something of it. Names that OpenTelemetry does not define are anybody's.
"""

import re
from collections.abc import Mapping

_LINK = re.compile(r"(tcp|udp|sctp)://")
_OF_A_LINK = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_.+)?)")

_OTLP = "OTEL_EXPORTER_OTLP"
_OF_LOGS = re.compile(rf"{_OTLP}_LOGS_\w+|OTEL_(BLRP|LOGRECORD)_\w+|OTEL_LOGS_EXPORTER")
_OF_A_SIGNAL = re.compile(rf"{_OTLP}_(TRACES|METRICS)_(\w+)")
_OTHERS = re.compile(
    r"OTEL_(EXPORTER_\w+|BSP_\w+|METRIC_EXPORT_\w+|METRICS_EXEMPLAR_FILTER|ENTITIES"
    r"|(SPAN|EVENT|LINK|ATTRIBUTE)_\w+_LIMIT|(EXPERIMENTAL_)?CONFIG_FILE|LOG_LEVEL|PROPAGATORS)"
)
_INSTEAD: Mapping[str, str] = {
    f"{_OTLP}_INSECURE": "write OTEL_INSECURE",
    f"{_OTLP}_TRACES_INSECURE": "write OTEL_INSECURE",
    f"{_OTLP}_METRICS_INSECURE": "write OTEL_INSECURE",
    f"{_OTLP}_TRACES_ENDPOINT": "write OTEL_TRACEENDPOINT",
    f"{_OTLP}_METRICS_ENDPOINT": "write OTEL_METRICENDPOINT",
    "OTEL_METRIC_EXPORT_INTERVAL": "write OTEL_METRICINTERVAL, with a unit such as 15s",
    "OTEL_METRIC_EXPORT_TIMEOUT": f"write {_OTLP}_TIMEOUT",
    "OTEL_LOG_LEVEL": "write LOG_LEVEL",
    "OTEL_EXPORTER_PROMETHEUS_HOST": "/metrics is on HTTP_PORT and HEALTH_PORT",
    "OTEL_EXPORTER_PROMETHEUS_PORT": "/metrics is on HTTP_PORT and HEALTH_PORT",
    "OTEL_PROPAGATORS": "give tracecontext",
    f"{_OTLP}_METRICS_TEMPORALITY_PREFERENCE": "give cumulative",
    f"{_OTLP}_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "give explicit_bucket_histogram",
}
_AS_IT_IS: Mapping[str, frozenset[str]] = {
    "OTEL_LOGS_EXPORTER": frozenset({"none"}),
    "OTEL_PROPAGATORS": frozenset({"tracecontext", "tracecontext,baggage", "baggage,tracecontext"}),
    "OTEL_METRICS_EXEMPLAR_FILTER": frozenset({"always_off"}),
    f"{_OTLP}_TRACES_PROTOCOL": frozenset({"grpc"}),
    f"{_OTLP}_METRICS_PROTOCOL": frozenset({"grpc"}),
    f"{_OTLP}_METRICS_TEMPORALITY_PREFERENCE": frozenset({"cumulative"}),
    f"{_OTLP}_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": frozenset({"explicit_bucket_histogram"}),
}
"""What these may say, for it is what the engine does."""


def is_link(name: str, text: str) -> bool:
    """Tell whether Kubernetes sets this for a Service, as it does in each pod of its namespace."""
    return bool(_LINK.match(text) or _OF_A_LINK.fullmatch(name))


def refusal(name: str, text: str) -> str:
    """Return why a name of OpenTelemetry's is refused and what to do, empty when it is not.

    The engine does not read the name itself. An empty value counts as unset.
    """
    value = text.replace(" ", "").lower()
    if not value or not defined(name) or value in _AS_IT_IS.get(name, ()):
        return ""
    if name in _INSTEAD:
        return f"{name} is not honoured: {_INSTEAD[name]}, or remove it"
    if _OF_LOGS.fullmatch(name):
        return f"{name} is not honoured: the log goes to standard error alone; remove it"
    if signal := _OF_A_SIGNAL.fullmatch(name):
        return f"{name} is not honoured: write {_OTLP}_{signal[2]}, for both signals, or remove it"
    return f"{name} is not honoured: the engine has nothing of the kind; remove it"


def defined(name: str) -> bool:
    """Tell whether OpenTelemetry gives a name a meaning that the engine would have to know."""
    return bool(_OF_LOGS.fullmatch(name) or _OTHERS.fullmatch(name))
