"""A collector is reached as the environment says, with TLS, tokens, and past every proxy."""

from collections.abc import Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metric_messages
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metric_services
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_services

from fixengine.commands.environment import Environment
from fixengine.config import collector as config
from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import ConfigError
from fixengine.infra.otlp.answers import CallError
from fixengine.infra.otlp.channel import Channel
from fixengine.telemetry.health import HUNG_AFTER
from tests.support.engines import Surroundings
from tests.support.network.certificates import Identity

pytestmark = pytest.mark.any_broker

ORDERS = 10
EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
BOTH = frozenset({"metrics", "traces"})
PROXIES = ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")


@dataclass(slots=True, kw_only=True)
class Collector(metric_services.MetricsServiceServicer, trace_services.TraceServiceServicer):
    """Knows which signals came, and what with each call."""

    signals: set[str] = field(default_factory=set)
    metadata: set[tuple[str, str]] = field(default_factory=set)

    def Export(self, request: object, context: grpc.ServicerContext) -> object:  # noqa: N802 - the protocol's name
        self.metadata |= {(key, str(value)) for key, value in context.invocation_metadata()}
        if isinstance(request, metric_messages.ExportMetricsServiceRequest):
            self.signals.add("metrics")
            return metric_messages.ExportMetricsServiceResponse()
        self.signals.add("traces")
        return trace_messages.ExportTraceServiceResponse()


@contextmanager
def collecting(
    port: int, *, credentials: grpc.ServerCredentials | None = None, uncompressed: bool = False
) -> Iterator[Collector]:
    collector = Collector()
    only_plain = (("grpc.compression_enabled_algorithms_bitset", 1),)
    server = grpc.server(ThreadPoolExecutor(2), options=only_plain if uncompressed else None)
    metric_services.add_MetricsServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # generated
    trace_services.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # generated
    address = f"127.0.0.1:{port}"
    if credentials is None:
        assert server.add_insecure_port(address) == port
    else:
        assert server.add_secure_port(address, credentials) == port
    server.start()
    yield collector
    server.stop(None).wait(60)


def exported(
    around: Surroundings, collector: Collector, signals: Set[str] = BOTH, **settings: str
) -> None:
    """Run an engine to its end; these signals, and no others, have reached the collector then."""
    fed = tuple(islice(orders(seed=4), ORDERS))
    with around.engine("engine", hung_after=HUNG_AFTER, OTEL_METRICINTERVAL="100ms", **settings):
        around.send(*fed)
        around.wait_until_done(fed)
        wait_until(lambda: collector.signals >= signals, 60, "the signals")
    assert collector.signals == signals


def test_no_proxy_of_the_environment_stands_between_the_engine_and_collector_or_neighbours(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{around.workspace.reserve_port()}"
    for name in PROXIES:
        monkeypatch.setenv(name, nobody)
        monkeypatch.setenv(name.upper(), nobody)
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    port = around.workspace.reserve_port()
    with collecting(port) as collector:
        exported(around, collector, OTEL_EXPORTER_OTLP_ENDPOINT=f"127.0.0.1:{port}")
    assert around.securities.calls
    assert around.prices.calls


def test_each_call_has_its_headers(around: Surroundings) -> None:
    port = around.workspace.reserve_port()
    with collecting(port) as collector:
        exported(
            around,
            collector,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20abc,x-tenant=fix",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        )
    assert {("authorization", "Bearer abc"), ("x-tenant", "fix")} <= collector.metadata


def test_a_collector_with_a_certificate_of_its_own_is_reached_with_the_engines(
    around: Surroundings, tmp_path: Path
) -> None:
    its, ours = Identity.made(tmp_path, "its"), Identity.made(tmp_path, "ours")
    credentials = grpc.ssl_server_credentials(
        [(its.key.read_bytes(), its.certificate.read_bytes())],
        root_certificates=ours.certificate.read_bytes(),
        require_client_auth=True,
    )
    port = around.workspace.reserve_port()
    with collecting(port, credentials=credentials) as collector:
        exported(
            around,
            collector,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{port}",
            OTEL_EXPORTER_OTLP_CERTIFICATE=str(its.certificate),
            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=str(ours.certificate),
            OTEL_EXPORTER_OTLP_CLIENT_KEY=str(ours.key),
        )


@pytest.mark.parametrize(
    ("settings", "signals"),
    [
        ({"OTEL_METRICS_EXPORTER": "none"}, {"traces"}),
        ({"OTEL_TRACES_EXPORTER": "none"}, {"metrics"}),
        ({"OTEL_SDK_DISABLED": "true"}, set()),
    ],
)
def test_a_signal_that_is_not_wanted_is_not_exported(
    around: Surroundings, settings: dict[str, str], signals: set[str]
) -> None:
    port = around.workspace.reserve_port()
    with collecting(port) as collector:
        exported(
            around,
            collector,
            signals,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"127.0.0.1:{port}",
            **settings,
        )


def test_calls_are_compressed_where_that_is_asked_for(workspace: Workspace) -> None:
    port = workspace.reserve_port()
    with collecting(port, uncompressed=True) as collector:
        for compressed in (False, True):
            to = config.Collector(target=f"127.0.0.1:{port}", tls=False, compressed=compressed)
            with closing(Channel(to)) as channel:
                if not compressed:
                    channel.call(EXPORT, b"", timeout=30)
                    assert collector.signals == {"metrics"}
                    continue
                with pytest.raises(CallError, match="gzip"):
                    channel.call(EXPORT, b"", timeout=30)


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "can't be read (No such file"), ("x", "is not in PEM")]
)
def test_a_certificate_that_is_none_is_refused_by_name(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    environment = Environment(
        {
            "POSTGRES_DSN": "postgresql://h/d",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://c:4317",
            "OTEL_EXPORTER_OTLP_CERTIFICATE": str(file),
        }
    )
    with pytest.raises(ConfigError) as caught:
        environment.checked()
    (problem,) = caught.value.problems
    assert problem.startswith(f"OTEL_EXPORTER_OTLP_CERTIFICATE is '{file}', which ")
    assert complaint in problem
