"""Where telemetry goes, and how."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files in PEM: whom to trust (None: whom the system trusts), and the client's own."""

    trusted: str | None = None
    own: str | None = None
    own_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A collector that takes OTLP over gRPC at `host:port`.

    `timeout` is in seconds for one export, None: as long as fits between two.
    """

    target: str
    tls: bool
    certificates: Certificates = Certificates()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    compressed: bool = False
    timeout: float | None = None
