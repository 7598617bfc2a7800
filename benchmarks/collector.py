"""A collector of OpenTelemetry that takes everything and keeps nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from fixengine.demo.stack import Stack
from tests.support.collectors import grpc_server


@contextmanager
def collector(stack: Stack, *, listens: bool = True) -> Iterator[str]:
    """Lend its address; if it does not listen, whoever comes there is refused."""

    class Sink(grpc.GenericRpcHandler):
        # in quotes: only grpc's types know that it has parameters
        def service(
            self, _details: grpc.HandlerCallDetails
        ) -> "grpc.RpcMethodHandler[bytes, bytes]":
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")

    port = stack.workspace.reserve_port()
    address = f"127.0.0.1:{port}"
    if not listens:
        yield address
        return
    with grpc_server(port, lambda server: server.add_generic_rpc_handlers((Sink(),))):
        yield address
