"""The WSGI server under clients that behave, dawdle or never finish."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from fixengine.http.server import Server

Answer = Callable[[], bytes]


def wsgi(answer: Answer) -> Any:
    def app(_environ: object, start_response: Callable[..., object]) -> Iterable[bytes]:
        body = answer()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return app


@contextmanager
def serving(answer: Answer = lambda: b"ok", *, threads: int = 2) -> Iterator[Server]:
    server = Server(wsgi(answer), port=0, name="test", threads=threads)
    server.start()
    try:
        yield server
    finally:
        server.stop(5)


@contextmanager
def connection(server: Server) -> Iterator[HTTPConnection]:
    client = HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        yield client
    finally:
        client.close()


def get(server: Server, **headers: str) -> tuple[HTTPResponse, bytes]:
    with connection(server) as client:
        client.request("GET", "/", headers=headers)
        response = client.getresponse()
        return response, response.read()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + 5
    while not true():
        assert monotonic() < deadline
        Event().wait(0.005)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def channels(server: Server) -> list[Any]:
    return list(server._server.active_channels.values())


def refused(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except OSError:
        return True
    return False


class Held:
    """An answer that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = Event()
        self.let_go = Event()

    def __call__(self) -> bytes:
        self.begun.set()
        self.let_go.wait(10)
        return b"at last"


def test_it_answers_until_it_is_stopped_and_leaves_nothing_behind() -> None:
    threads, files = threading.active_count(), open_files()
    for _ in range(5):
        with serving() as server, connection(server) as idle:
            idle.request("GET", "/")
            assert idle.getresponse().read() == b"ok"
            assert get(server)[1] == b"ok"
            server.stop(5)
            assert refused(server)
    wait_until(lambda: threading.active_count() == threads)
    assert open_files() == files


def test_a_port_that_is_taken_is_named_and_leaves_no_thread() -> None:
    with serving() as first:
        threads = threading.active_count()
        second = Server(wsgi(bytes), port=first.port, name="probes", threads=2)
        with pytest.raises(OSError, match=f"port {first.port} for probes can't be had"):
            second.start()
        second.stop(1)
        assert threading.active_count() == threads


def test_stopping_is_safe_before_the_start_and_twice() -> None:
    Server(wsgi(bytes), port=0, name="test", threads=1).stop(1)
    with serving() as server:
        server.stop(5)
        server.stop(5)


def test_a_hundred_half_open_connections_hold_up_neither_probes_nor_rest() -> None:
    with serving() as rest, serving() as probes, ExitStack() as clients:
        for number in range(100):
            half_open = socket.create_connection(("127.0.0.1", rest.port))
            clients.enter_context(half_open)
            half_open.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" if number % 2 else b"")
        seconds = []
        for _ in range(11):
            asked = monotonic()
            assert get(probes)[1] == b"ok"
            seconds.append(monotonic() - asked)
        assert median(seconds) < 0.1
        assert get(rest)[1] == b"ok"


def test_requests_that_hang_on_one_server_do_not_hold_up_another() -> None:
    held = Held()
    with serving(held, threads=1) as rest, serving() as probes:
        asking = Thread(target=get, args=(rest,))
        asking.start()
        assert held.begun.wait(5)
        assert get(probes)[1] == b"ok"
        held.let_go.set()
        asking.join()


def test_a_stop_lets_pending_requests_finish_queued_ones_too() -> None:
    held = Held()
    answers: list[bytes] = []
    with serving(held, threads=1) as server:
        asking = [Thread(target=lambda: answers.append(get(server)[1])) for _ in range(3)]
        for each in asking:
            each.start()
        assert held.begun.wait(5)
        wait_until(lambda: len(server._server.task_dispatcher.queue) == 2)
        stopping = Thread(target=server.stop, args=(5,))
        stopping.start()
        wait_until(lambda: refused(server))
        held.let_go.set()
        for each in (stopping, *asking):
            each.join()
    assert answers == [b"at last"] * 3


def test_a_stop_lets_slow_clients_read_their_answers() -> None:
    body = bytes(8 * 2**20)
    with serving(lambda: body) as server, connection(server) as slow:
        slow.request("GET", "/")
        response = slow.getresponse()
        wait_until(lambda: all(not each.requests for each in channels(server)))
        stopping = Thread(target=server.stop, args=(5,))
        stopping.start()
        wait_until(lambda: refused(server))
        assert response.read() == body
        stopping.join()


def test_a_stop_gives_up_at_its_deadline() -> None:
    held = Held()
    with serving(held, threads=1) as server, connection(server) as client:
        client.request("GET", "/")
        assert held.begun.wait(5)
        began = monotonic()
        server.stop(0.2)
        assert 0.15 < monotonic() - began < 1
        with pytest.raises(OSError):  # noqa: PT011 - closed or reset
            client.getresponse()
        held.let_go.set()


def test_clients_that_only_wait_do_not_delay_a_stop() -> None:
    with serving() as server, connection(server) as idle, ExitStack() as clients:
        idle.request("GET", "/")
        idle.getresponse().read()
        half_open = socket.create_connection(("127.0.0.1", server.port))
        clients.enter_context(half_open)
        half_open.sendall(b"GET / HT")
        began = monotonic()
        server.stop(5)
        assert monotonic() - began < 1


def test_large_headers_and_bodies_are_refused() -> None:
    with serving() as server:
        assert get(server, X="x" * 20_000)[0].status == 431
        with connection(server) as client:
            client.request("POST", "/", headers={"Content-Length": "20000"})
            assert client.getresponse().status == 413


def test_answers_do_not_say_what_serves_them() -> None:
    def fail() -> bytes:
        raise ZeroDivisionError("hunter2")

    with serving() as server:
        assert get(server)[0].getheader("Server") is None
    with serving(fail) as server:
        response, body = get(server)
    assert response.status == 500
    assert b"hunter2" not in body
    assert b"Traceback" not in body
