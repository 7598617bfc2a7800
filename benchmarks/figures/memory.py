"""How much memory an engine takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, MANY, STEADY_SECONDS, incoming_orders
from fixengine.demo.stack import Stack
from tests.support.collectors import grpc_server

_LOOK_EVERY_SECONDS = 2.0
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}  # as in the image


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure memory at rest, and the most within ten minutes at full load; then both with OTLP.

    Under the load 200 orders a second come in.
    """
    for exports in (False, True):
        with lend() as stack, _collector(stack) as collector:
            chosen = dict(_ALLOCATOR)
            if exports:
                chosen["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector
            with endless(
                stack, executions=int(MANY * scale), every=EVERY_SECONDS, first=30, settings=chosen
            ) as load:
                time.sleep(STEADY_SECONDS)
                at_rest = load.usage().memory
                time.sleep(25)
                with incoming_orders(stack, load, 200):
                    loaded = max(_memory(load, 600 * scale))
        name = "memory, OTLP on, " if exports else "memory "
        yield Figure(meaning=f"{name}at rest", value=at_rest, unit="MiB", limit=70)
        yield Figure(
            meaning=f"{name}in {10 * scale:g} min of fills at full load, at the most",
            value=loaded,
            unit="MiB",
            limit=70,
        )


@contextmanager
def _collector(stack: Stack) -> Iterator[str]:
    """Lend the address of a collector that takes everything and keeps nothing."""

    class Sink(grpc.GenericRpcHandler):
        # in quotes: only grpc's types know that it has parameters
        def service(
            self, _details: grpc.HandlerCallDetails
        ) -> "grpc.RpcMethodHandler[bytes, bytes]":
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")

    port = stack.workspace.reserve_port()
    with grpc_server(port, lambda server: server.add_generic_rpc_handlers((Sink(),))):
        yield f"127.0.0.1:{port}"


def _memory(load: Endless, seconds: float) -> Iterator[float]:
    """Look at what is resident, every few seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY_SECONDS)
        yield load.usage().memory
