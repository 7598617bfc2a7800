"""What all exports over OTLP gRPC share: the channel, attributes, and a thread of their own."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event, Thread

import grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from fixengine.config.collector import Collector
from fixengine.supervision.duty import Duty
from fixengine.telemetry.outage import Outage

_LONGEST_EXPORT_SECONDS = 10.0
_SHORTEST_EXPORT_SECONDS = 0.5
"""Time for one export where nobody says how long: the interval, within these bounds."""


class Exporter:
    """Exports every so often; nobody ever waits for it."""

    def __init__(
        self,
        what: str,
        *,
        channel: grpc.Channel,
        interval: float,
        timeout: float | None,
        export: Callable[[float], None],
    ) -> None:
        """Take what is exported, in a word, and who exports it once.

        `interval` and `timeout` are seconds: between two exports, and for one. Without a timeout
        an export may take what fits between two. `export` is given the seconds that it may take,
        and may raise RpcError.
        """
        self._channel = channel
        self._interval = interval
        self._timeout = timeout or max(
            min(interval, _LONGEST_EXPORT_SECONDS), _SHORTEST_EXPORT_SECONDS
        )
        self._export = export
        self._last_timeout = 0.0
        self._over = Event()
        self._outage = Outage("exports wait for the collector", "exports go on", of=what)
        self._duty = Duty(f"to export {what}")
        self._thread = Thread(target=self._run, name=f"otlp-{what}", daemon=True)

    def start(self) -> None:
        """Begin; the first export is one interval from now."""
        self._thread.start()

    def stop(self, within: float) -> None:
        """Export what is new and end, within so many seconds. Safe before the start, and twice."""
        if not self._over.is_set() and self._thread.is_alive():
            self._last_timeout = within / 2  # an export may be under way
            self._over.set()
            self._thread.join(within)
        self._channel.close()

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            self._duty.done(partial(self._step, self._timeout))
        self._duty.done(partial(self._step, self._last_timeout))

    def _step(self, timeout: float) -> None:
        try:
            self._export(timeout)
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel is closed
            reason = error.details() if isinstance(error, grpc.Call) else str(error)
            self._outage.begin(reason)
        else:
            self._outage.end()


def open_channel(collector: Collector) -> grpc.Channel:
    """Return a channel to a collector, past every proxy: it is the node's. Raises OSError."""
    compression = grpc.Compression.Gzip if collector.compressed else grpc.Compression.NoCompression
    options = (("grpc.enable_http_proxy", 0),)
    if not collector.tls:
        return grpc.insecure_channel(collector.target, options=options, compression=compression)
    files = collector.certificates
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_content(files.trusted),
        private_key=_content(files.own_key),
        certificate_chain=_content(files.own),
    )
    return grpc.secure_channel(
        collector.target, credentials, options=options, compression=compression
    )


def _content(file: str | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()


def attributes(values: Mapping[str, str | int]) -> list[KeyValue]:
    """Return attributes as OTLP has them."""
    return [
        KeyValue(
            key=name,
            value=AnyValue(int_value=value)
            if isinstance(value, int)
            else AnyValue(string_value=value),
        )
        for name, value in values.items()
    ]
