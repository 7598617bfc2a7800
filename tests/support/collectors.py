"""Collectors of OpenTelemetry: gRPC servers that keep what they are sent, or nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc


@contextmanager
def grpc_server(port: int, add_services: Callable[[grpc.Server], object]) -> Iterator[None]:
    """Let a server listen on that port of 127.0.0.1, with the services that are added to it."""
    server = grpc.server(ThreadPoolExecutor(2))
    add_services(server)
    assert server.add_insecure_port(f"127.0.0.1:{port}") == port
    server.start()
    try:
        yield
    finally:
        server.stop(None).wait(60)
