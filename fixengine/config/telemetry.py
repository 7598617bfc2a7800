"""Settings of what leaves the engine over OTLP, as the suite or OpenTelemetry names them."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from urllib.parse import urlsplit

from fixengine import __version__
from fixengine.config import addresses, parsing
from fixengine.config.collector import Certificates, Collector
from fixengine.config.variables import optional, variable
from fixengine.telemetry.spans import Sampler

_SAMPLERS = tuple(
    f"{follows}{name}"
    for follows in ("", "parentbased_")
    for name in ("always_on", "always_off", "traceidratio")
)
_exporter = parsing.one_of("otlp", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Where metrics and traces go, and how: a field for each variable that users set."""

    otel_trace_endpoint: str | None = optional(
        "OTEL_TRACEENDPOINT", addresses.collector, "host:port that traces go to over OTLP gRPC"
    )
    otel_metric_endpoint: str | None = optional(
        "OTEL_METRICENDPOINT", addresses.collector, "host:port that metrics go to over OTLP gRPC"
    )
    otel_endpoint: str | None = optional(
        "OTEL_EXPORTER_OTLP_ENDPOINT", addresses.collector, "the default for the two above"
    )
    otel_metric_interval_seconds: float = variable(
        "OTEL_METRICINTERVAL", "15s", parsing.interval, "time between exports of metrics"
    )
    otel_traces_sampler: str = variable(
        "OTEL_TRACES_SAMPLER",
        "parentbased_always_on",
        parsing.one_of(*_SAMPLERS),
        "which traces are exported, as OpenTelemetry names it",
    )
    otel_traces_sampler_arg: float = variable(
        "OTEL_TRACES_SAMPLER_ARG",
        "1",
        parsing.share,
        "the share of traces from 0 to 1, for the samplers with traceidratio",
    )
    otel_insecure: bool = variable(
        "OTEL_INSECURE", "true", parsing.boolean, "no TLS to a collector given as host:port"
    )
    otel_service_name: str = variable(
        "OTEL_SERVICE_NAME",
        "globeco-fix-engine",
        parsing.anything,
        "service.name of what is exported",
    )
    otel_service_namespace: str = variable(
        "OTEL_SERVICE_NAMESPACE",
        "globeco",
        parsing.anything,
        "service.namespace of what is exported",
    )
    otel_resource_attributes: tuple[tuple[str, str], ...] = variable(
        "OTEL_RESOURCE_ATTRIBUTES",
        "",
        parsing.attributes,
        "further attributes of the service: a=b, c=d",
    )
    otel_sdk_disabled: bool = variable(
        "OTEL_SDK_DISABLED",
        "false",
        parsing.boolean,
        "true: no metrics and no traces leave the engine",
    )
    otel_metrics_exporter: str | None = optional(
        "OTEL_METRICS_EXPORTER",
        _exporter,
        "otlp, or none: no metrics to a collector",
    )
    otel_traces_exporter: str | None = optional(
        "OTEL_TRACES_EXPORTER", _exporter, "otlp, or none: no traces to a collector"
    )
    otel_protocol: str = variable(
        "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", parsing.protocol, "grpc; the engine speaks no other"
    )
    otel_headers: tuple[tuple[str, str], ...] | None = optional(
        "OTEL_EXPORTER_OTLP_HEADERS",
        parsing.headers,
        "headers of each call, such as a token: a=b,c=d",
        secret=True,
    )
    otel_timeout_ms: float | None = optional(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        parsing.milliseconds,
        "limit of one export, in milliseconds or with a unit; unset: the time between two exports",
    )
    otel_compression: str = variable(
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "none",
        parsing.one_of("none", "gzip"),
        "gzip, or none",
    )
    otel_certificate: str | None = optional(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        parsing.file,
        "file of the authorities that sign the collector's certificate; unset: the system's",
    )
    otel_client_certificate: str | None = optional(
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        parsing.file,
        "file of the engine's own certificate, for a collector that asks for one",
    )
    otel_client_key: str | None = optional(
        "OTEL_EXPORTER_OTLP_CLIENT_KEY", parsing.file, "file of that certificate's key"
    )

    @property
    def metric_collector(self) -> Collector | None:
        """Where metrics go, None for nowhere."""
        exports = self.otel_metrics_exporter != "none"
        return self._collector(self.otel_metric_endpoint or self.otel_endpoint if exports else None)

    @property
    def trace_collector(self) -> Collector | None:
        """Where traces go, None for nowhere."""
        exports = self.otel_traces_exporter != "none"
        return self._collector(self.otel_trace_endpoint or self.otel_endpoint if exports else None)

    @property
    def sampler(self) -> Sampler:
        """Which traces are exported."""
        name = self.otel_traces_sampler
        share = self.otel_traces_sampler_arg if "traceidratio" in name else name.endswith("_on")
        return Sampler(share=float(share), follows=name.startswith("parentbased_"))

    @property
    def otel_resource(self) -> Mapping[str, str]:
        """What is exported along with everything; the two names win over the attributes."""
        return {
            "service.version": __version__,
            **dict(self.otel_resource_attributes),
            "service.name": self.otel_service_name,
            "service.namespace": self.otel_service_namespace,
        }

    def _collector(self, endpoint: str | None) -> Collector | None:
        if endpoint is None or self.otel_sdk_disabled:
            return None
        url = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
        return Collector(
            target=url.netloc,
            tls=url.scheme == "https" or (not url.scheme and not self.otel_insecure),
            certificates=Certificates(
                trusted=self.otel_certificate,
                own=self.otel_client_certificate,
                own_key=self.otel_client_key,
            ),
            headers=self.otel_headers or (),
            compressed=self.otel_compression == "gzip",
            timeout=None if self.otel_timeout_ms is None else self.otel_timeout_ms / 1000,
        )


def telemetry_contradictions(settings: Telemetry, given: Set[str]) -> Iterator[str]:
    """Yield a sentence for each setting that another one makes void; `given` are fields."""
    for signal, exporter, own in (
        ("metric", settings.otel_metrics_exporter, "OTEL_METRICENDPOINT"),
        ("trace", settings.otel_traces_exporter, "OTEL_TRACEENDPOINT"),
    ):
        if exporter == "otlp" and not given & {f"otel_{signal}_endpoint", "otel_endpoint"}:
            yield (
                f"OTEL_{signal.upper()}S_EXPORTER is otlp, and no collector is named: set {own} or "
                "OTEL_EXPORTER_OTLP_ENDPOINT"
            )
    certificates = {
        "OTEL_EXPORTER_OTLP_CERTIFICATE": settings.otel_certificate,
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": settings.otel_client_certificate,
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": settings.otel_client_key,
    }
    named = ", ".join(name for name, file in certificates.items() if file)
    collectors = [each for each in (settings.metric_collector, settings.trace_collector) if each]
    if named and collectors and not any(each.tls for each in collectors):
        yield f"{named} without TLS: write the endpoint with https://, or OTEL_INSECURE=false"
