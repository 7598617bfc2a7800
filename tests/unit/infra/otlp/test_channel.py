"""Calls over gRPC: to gRPC's own server, and to what only resembles one."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import grpc
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded

from fixengine.config.collector import Collector
from fixengine.infra.otlp.answers import DEADLINE_EXCEEDED, UNAVAILABLE, CallError
from fixengine.infra.otlp.channel import Channel

PATH = "/a.Service/Do"
LARGE = bytes(range(256)) * 4096  # a MiB: many times what may be under way at once
LONG = 60.0

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def serving(answer: Answer, port: int = 0) -> Iterator[int]:
    """Let gRPC's own server listen, and yield its port."""

    class Handler(grpc.GenericRpcHandler):
        # in quotes: only grpc's types know that it has parameters
        def service(
            self, _details: grpc.HandlerCallDetails
        ) -> "grpc.RpcMethodHandler[bytes, bytes]":
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    yield port
    server.stop(None).wait(60)


@contextmanager
def listening(*served: Callable[[socket.socket], object]) -> Iterator[int]:
    """Serve one connection after the other, each as it says, and yield the port."""

    def serve() -> None:
        for each in served:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(LONG)
                each(connection)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as thread:
        server.settimeout(LONG)
        done = thread.submit(serve)
        yield server.getsockname()[1]
        done.result(LONG)


def says(said: bytes, *, and_ends: bool = True) -> Callable[[socket.socket], None]:
    """Say this whatever is heard, until the other side has gone."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(said)
        if and_ends:
            connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return serve


def channel(port: int) -> "closing[Channel]":
    return closing(Channel(Collector(target=f"127.0.0.1:{port}", tls=False)))


def failure(port: int, timeout: float = LONG) -> CallError:
    with channel(port) as calls, pytest.raises(CallError) as caught:
        calls.call(PATH, b"", timeout=timeout)
    return caught.value


def echo(request: bytes, _context: object) -> bytes:
    return request


def test_a_large_message_goes_there_and_back() -> None:
    with serving(echo) as port, channel(port) as calls:
        assert calls.call(PATH, LARGE, timeout=LONG) == LARGE


def test_all_calls_go_over_one_connection() -> None:
    peers = []

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        peers.append(context.peer())
        return request

    with serving(answer) as port, channel(port) as calls:
        for _ in range(3):
            calls.call(PATH, LARGE, timeout=LONG)
    assert len(peers) == 3
    assert len(set(peers)) == 1


def test_a_server_that_was_started_again_is_found_by_the_next_call() -> None:
    with serving(echo) as port:
        calls = Channel(Collector(target=f"127.0.0.1:{port}", tls=False))
        assert calls.call(PATH, b"1", timeout=LONG) == b"1"
    with serving(echo, port), closing(calls):
        assert calls.call(PATH, b"2", timeout=LONG) == b"2"


def test_what_the_server_says_of_a_failure_comes_with_its_code() -> None:
    def refuse(_request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "non, ça ne va pas: 100 %")

    with serving(refuse) as port:
        error = failure(port)
    assert (error.code, str(error)) == (7, "non, ça ne va pas: 100 %")


def test_a_server_knows_how_long_it_has() -> None:
    left = []

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        left.append(context.time_remaining())
        return request

    with serving(answer) as port, channel(port) as calls:
        calls.call(PATH, b"", timeout=LONG)
    assert 0 < left[0] <= LONG


def test_an_answer_that_is_too_large_is_refused() -> None:
    with serving(lambda _request, _context: LARGE * 5) as port:
        assert str(failure(port)) == "the collector answers with too much"


def test_where_nobody_listens_the_collector_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failure(port)
    assert (error.code, str(error)) == (UNAVAILABLE, "Connection refused")


def test_a_server_that_says_nothing_is_left_after_the_timeout() -> None:
    with listening(says(b"", and_ends=False)) as port:
        error = failure(port, 0.1)
    assert (error.code, str(error)) == (DEADLINE_EXCEEDED, "no answer within 0.1 s")


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(9), b"\xff" * 99, b"\0\0\0\4"]
)
def test_what_is_no_http_2_is_unavailable(said: bytes) -> None:
    with listening(says(said)) as port:
        assert failure(port).code == UNAVAILABLE


def http2(
    answer: Callable[[H2Connection, int], object], *, closes: bool = False
) -> Callable[[socket.socket], None]:
    """Serve HTTP/2: what is asked is answered when it has come whole.

    A server that closes hears nothing after the first question.
    """

    def serve(connection: socket.socket) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        server.initiate_connection()
        connection.sendall(server.data_to_send())
        goes = False
        while heard := connection.recv(65536):
            for event in server.receive_data(heard):
                if isinstance(event, StreamEnded):
                    answer(server, event.stream_id)
                    goes = closes
            connection.sendall(server.data_to_send())
            if goes:
                break
        while connection.recv(65536):
            pass

    return serve


def answers(*headers: tuple[str, str], body: bytes = b"") -> Callable[[H2Connection, int], object]:
    def answer(server: H2Connection, stream: int) -> None:
        server.send_headers(stream, headers, end_stream=not body)
        if body:
            server.send_data(stream, body, end_stream=True)

    return answer


@pytest.mark.parametrize(
    ("status", "code"), [("503", UNAVAILABLE), ("429", UNAVAILABLE), ("404", 2), ("200", 2)]
)
def test_an_answer_that_is_not_grpcs_is_judged_by_its_status(status: str, code: int) -> None:
    with listening(http2(answers((":status", status), body=b"a page"))) as port:
        error = failure(port)
    assert (error.code, str(error)) == (
        code,
        f"the collector answers {status}, and not as gRPC does",
    )


@pytest.mark.parametrize("body", [b"", b"\0\0\0\0", b"\0\0\0\0\2a", b"\1\0\0\0\1a"])
def test_an_answer_that_is_ok_and_no_message_is_refused(body: bytes) -> None:
    with listening(http2(answers((":status", "200"), ("grpc-status", "0"), body=body))) as port:
        assert str(failure(port)) == "the collector answers with what is no message"


def test_a_call_that_the_server_ends_is_unavailable() -> None:
    with listening(http2(lambda server, stream: server.reset_stream(stream, 7))) as port:
        assert failure(port).code == UNAVAILABLE


def test_a_call_that_a_server_does_not_take_because_it_goes_is_unavailable() -> None:
    goes = http2(lambda server, _stream: server.close_connection(last_stream_id=0), closes=True)
    with listening(goes) as port:
        assert failure(port).code == UNAVAILABLE


def test_after_a_server_has_said_that_it_goes_the_next_call_goes_to_another() -> None:
    """As behind a load balancer: what was asked before is still answered."""
    ok = answers((":status", "200"), ("grpc-status", "0"), body=bytes(5))

    def last(server: H2Connection, stream: int) -> None:
        ok(server, stream)
        server.close_connection(last_stream_id=stream)

    with listening(http2(last, closes=True), http2(ok)) as port, channel(port) as calls:
        assert calls.call(PATH, b"", timeout=LONG) == b""
        assert calls.call(PATH, b"", timeout=LONG) == b""


def test_a_call_ends_when_the_channel_is_closed() -> None:
    asked = ThreadPoolExecutor(1)

    def hang(connection: socket.socket) -> None:
        connection.recv(65536)
        calls.close()
        connection.recv(65536)

    with listening(hang) as port:
        calls = Channel(Collector(target=f"127.0.0.1:{port}", tls=False))
        done = asked.submit(calls.call, PATH, b"", timeout=LONG)
        with pytest.raises(CallError):
            done.result(LONG)
    asked.shutdown()
