"""The WSGI server under clients that behave, dawdle or never finish."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.http.serving.connections import to_end
from fixengine.http.serving.limits import CLIENT_LIMITS, ClientLimits
from fixengine.http.serving.server import Server
from tests.support.waiting import assert_does_not_happen

Answer = Callable[[], bytes]


def wsgi(answer: Answer) -> Any:
    def app(_environ: object, start_response: Callable[..., object]) -> Iterable[bytes]:
        body = answer()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return app


@contextmanager
def serving(
    answer: Answer = lambda: b"ok", *, threads: int = 2, limits: ClientLimits = CLIENT_LIMITS
) -> Iterator[Server]:
    server = Server(wsgi(answer), port=0, name="test", threads=threads, limits=limits)
    server.start()
    try:
        yield server
    finally:
        server.stop(5)


@contextmanager
def connection(server: Server) -> Iterator[HTTPConnection]:
    client = HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        yield client
    finally:
        client.close()


def get(server: Server, **headers: str) -> tuple[HTTPResponse, bytes]:
    with connection(server) as client:
        client.request("GET", "/", headers=headers)
        response = client.getresponse()
        return response, response.read()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


LOOPBACKS = ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]

WITHOUT_IPV6 = """
import errno, socket, sys
from urllib.request import urlopen
from fixengine.http.serving.server import Server

def hosts_own(event, arguments):
    if event == "{event}" and arguments[0].family == socket.AF_INET6 or (
        event == "socket.__new__" == "{event}" and arguments[1] == socket.AF_INET6
    ):
        raise OSError(errno.{code}, "no IPv6 here")

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

sys.addaudithook(hosts_own)
server = Server(app, port=0, name="test", threads=1)
server.start()
print(urlopen(f"http://127.0.0.1:{{server.port}}").read().decode())
server.stop(5)
"""


def test_head_is_refused_without_a_body() -> None:
    with serving() as server, socket.create_connection(("127.0.0.1", server.port), 60) as client:
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert body == b""


@pytest.mark.parametrize("host", LOOPBACKS)
def test_it_listens_on_ipv6_and_ipv4(host: str) -> None:
    with serving() as server:
        client = HTTPConnection(host, server.port, timeout=60)
        client.request("GET", "/")
        assert client.getresponse().read() == b"ok"
        client.close()


@pytest.mark.parametrize("host", LOOPBACKS)
def test_a_port_that_is_taken_on_either_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        server = Server(wsgi(lambda: b""), port=taken.getsockname()[1], name="test", threads=1)
        with pytest.raises(OSError, match="for test can't be had: Address already in use"):
            server.start()


@pytest.mark.parametrize(
    ("event", "code"), [("socket.__new__", "EAFNOSUPPORT"), ("socket.bind", "EADDRNOTAVAIL")]
)
def test_a_host_without_ipv6_is_listened_on_all_the_same(event: str, code: str) -> None:
    program = WITHOUT_IPV6.format(event=event, code=code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr


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
        self.let_go.wait(60)
        return b"at last"


def test_it_answers_until_it_is_stopped_and_leaves_nothing_behind() -> None:
    threads, files = {*threading.enumerate()}, open_files()
    for _ in range(5):
        with serving() as server, connection(server) as idle:
            idle.request("GET", "/")
            assert idle.getresponse().read() == b"ok"
            assert get(server)[1] == b"ok"
            server.stop(5)
            assert refused(server)
    wait_until(lambda: threads.issuperset(threading.enumerate()), 60, "its threads to end")
    assert open_files() == files


class Faulty:
    """A socket of the server's whose every look is a bug."""

    def readable(self) -> bool:
        raise KeyError("a bug")


def test_an_error_in_its_thread_is_told_of_and_does_not_end_it(events: list[str]) -> None:
    with serving() as server:
        server._sockets[-1] = Faulty()
        with connection(server) as client:
            client.request("GET", "/")
            wait_until(lambda: events == ["a thread failed in its duty, it goes on"], 60, "a line")
            del server._sockets[-1]
            assert client.getresponse().read() == b"ok"


class CountingTurns(Server):
    """Counts the turns of its thread."""

    turns = 0

    def _turn(self, timeout: float | None) -> None:
        self.turns += 1
        super()._turn(timeout)


def test_without_a_client_its_thread_sleeps_until_one_comes_or_it_is_stopped() -> None:
    server = CountingTurns(wsgi(lambda: b"ok"), port=0, name="test", threads=1)
    server.start()
    try:
        for _ in range(2):
            assert get(server)[1] == b"ok"
            assert server._server is not None
            wait_until(lambda: not server._server.active_channels, 60, "the client to be gone")
            server.turns = 0
            assert_does_not_happen(lambda: server.turns > 1, 1.5, "its thread wakes up")
    finally:
        server.stop(5)
    assert not server._thread.is_alive()


def test_a_port_that_is_taken_is_named_and_leaves_no_thread() -> None:
    with serving() as first:
        threads = {*threading.enumerate()}
        second = Server(wsgi(bytes), port=first.port, name="probes", threads=2)
        with pytest.raises(OSError, match=f"port {first.port} for probes can't be had"):
            second.start()
        second.stop(1)
        assert threads.issuperset(threading.enumerate())


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
        assert median(seconds) < 5
        assert get(rest)[1] == b"ok"


def test_clients_leave_descriptors_for_all_else_that_the_process_needs() -> None:
    """Python itself, and an engine's connections to others, need some too."""
    program = (
        "import resource, sys; from fixengine.http.serving.server import Server\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n"
        "server = Server(lambda *_: [], port=0, name='test', threads=1); server.start()\n"
        "print(server.port, flush=True); sys.stdin.readline()\n"
        "files = [open('/dev/null') for _ in range(100)]; print('done', flush=True)"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
        ExitStack() as clients,
    ):
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        for _ in range(200):
            clients.enter_context(socket.create_connection(("127.0.0.1", port)))
        process.stdin.write("now\n")
        process.stdin.close()
        assert process.stdout.read() == "done\n"


def test_requests_that_hang_on_one_server_do_not_hold_up_another() -> None:
    held = Held()
    with serving(held, threads=1) as rest, serving() as probes:
        asking = Thread(target=get, args=(rest,))
        asking.start()
        assert held.begun.wait(60)
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
        assert held.begun.wait(60)
        wait_until(lambda: len(server._server.task_dispatcher.queue) == 2, 60, "two to wait")
        stopping = Thread(target=server.stop, args=(60,))
        stopping.start()
        wait_until(lambda: refused(server), 60, "a client to be refused")
        held.let_go.set()
        for each in (stopping, *asking):
            each.join()
    assert answers == [b"at last"] * 3


def test_a_stop_ends_with_the_last_answer_though_the_client_stays() -> None:
    held = Held()
    with serving(held, threads=1) as server, connection(server) as client:
        client.request("GET", "/")
        assert held.begun.wait(60)
        stopping = Thread(target=server.stop, args=(600,))
        stopping.start()
        wait_until(lambda: refused(server), 60, "a client to be refused")
        held.let_go.set()
        stopping.join(60)
        assert not stopping.is_alive()
        assert client.getresponse().read() == b"at last"


def test_a_stop_lets_slow_clients_read_their_answers() -> None:
    body = bytes(8 * 2**20)  # more than the system takes on
    lenient = ClientLimits(unread=len(body) + 1_024)
    with serving(lambda: body, limits=lenient) as server, connection(server) as slow:
        slow.request("GET", "/")
        response = slow.getresponse()
        wait_until(lambda: all(not each.requests for each in channels(server)), 60, "all answers")
        stopping = Thread(target=server.stop, args=(60,))
        stopping.start()
        wait_until(lambda: refused(server), 60, "a client to be refused")
        assert response.read() == body
        stopping.join()


def test_a_stop_gives_up_at_its_deadline() -> None:
    held = Held()
    with serving(held, threads=1) as server, connection(server) as client:
        client.request("GET", "/")
        assert held.begun.wait(60)
        began = monotonic()
        server.stop(1)
        assert 0.5 < monotonic() - began < 30
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
        server.stop(60)
        assert monotonic() - began < 30


def sent(server: Server, request: bytes) -> tuple[int | None, dict[str, object]]:
    """Send raw bytes; return the status and the problem, None when there is no answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(request)
        response = HTTPResponse(client)
        try:
            response.begin()
        except (HTTPException, OSError):
            return None, {}
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        problem = json.loads(response.read())
        assert problem["status"] == response.status
        return response.status, problem


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4_000 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n", 413),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1000\r\n" * 1
            + (b"x" * 0x1000 + b"\r\n1000\r\n") * 8,
            413,
        ),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET http://[x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"{}\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_in_the_applications_form(
    request_bytes: bytes, status: int
) -> None:
    with serving() as server:
        found, problem = sent(server, request_bytes)
        assert found == status
        assert "Traceback" not in str(problem)
        assert get(server)[1] == b"ok"


def test_a_connection_is_overdue_by_the_time_since_its_requests_first_byte() -> None:
    with serving() as server, ExitStack() as clients:

        def connected(said: bytes) -> Any:
            before = set(channels(server))
            client = socket.create_connection(("127.0.0.1", server.port))
            clients.enter_context(client)
            client.sendall(said)
            wait_until(lambda: len(channels(server)) > len(before), 60, "a new connection")
            (channel,) = set(channels(server)) - before
            return client, channel

        _, silent = connected(b"")
        dripping, dawdling = connected(b"GET / HT")
        wait_until(dawdling.is_busy, 60, "the request to be begun")
        began = dawdling._busy_since
        dripping.sendall(b"TP/1.1\r\n")
        wait_until(lambda: dawdling.last_activity > silent.creation_time, 60, "more of it")
        early, late = began + CLIENT_LIMITS.exchange - 0.1, began + CLIENT_LIMITS.exchange + 0.001
        assert to_end(channels(server), CLIENT_LIMITS, now=early) == []
        assert to_end(channels(server), CLIENT_LIMITS, now=late) == [dawdling]


def test_a_kept_connection_begins_anew_with_each_request() -> None:
    with serving() as server, connection(server) as client:
        for _ in range(2):
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
        (channel,) = channels(server)
        wait_until(lambda: not channel.is_busy(), 60, "the answer to be written")
        assert to_end([channel], CLIENT_LIMITS, now=monotonic() + 10 * CLIENT_LIMITS.exchange) == []


def test_a_client_that_reads_nothing_is_let_go_and_frees_its_thread() -> None:
    body = bytes(2**20)
    with serving(lambda: body, threads=1) as server, ExitStack() as clients:
        greedy = socket.create_connection(("127.0.0.1", server.port))
        clients.enter_context(greedy)
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        assert get(server)[1] == body
        wait_until(lambda: not channels(server), 60, "the connections to end")


def test_when_too_much_is_unread_the_worst_goes_first() -> None:
    @dataclass(eq=False)
    class Reader:
        total_outbufs_len: int

        def is_overdue(self, limits: ClientLimits, *, now: float) -> bool:
            return False

    readers: list[Any] = [Reader(CLIENT_LIMITS.unread_by_all // 4 + number) for number in range(6)]
    assert to_end(readers, CLIENT_LIMITS, now=0) == [readers[5], readers[4], readers[3]]
    assert to_end(readers[:3], CLIENT_LIMITS, now=0) == []


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


def test_head_and_body_of_an_answer_leave_together() -> None:
    request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    with serving() as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(5)
        for _ in range(200):
            client.sendall(request)
            assert client.recv(65_536).endswith(b"\r\n\r\nok")


REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


def test_a_request_that_comes_before_the_answer_to_another_is_answered_after_it() -> None:
    held = Held()
    with serving(held) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(60)
        client.sendall(REQUEST)
        assert held.begun.wait(60)
        client.sendall(REQUEST)
        wait_until(lambda: all(each._more_has_come for each in channels(server)), 60, "the second")
        held.let_go.set()
        answers = b""
        while answers.count(b"at last") < 2:
            answers += client.recv(65_536)


def test_a_client_that_has_said_all_it_has_to_say_gets_its_answer() -> None:
    held = Held()
    with serving(held) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(60)
        client.sendall(REQUEST)
        client.shutdown(socket.SHUT_WR)
        assert held.begun.wait(60)
        wait_until(lambda: all(each._more_has_come for each in channels(server)), 60, "its end")
        held.let_go.set()
        assert client.recv(65_536).endswith(b"at last")
        assert client.recv(1) == b""


def test_requests_one_after_the_other_are_answered_by_one_thread_and_wake_no_other() -> None:
    threads = set[int]()
    pulls = list[None]()

    def answer() -> bytes:
        threads.add(threading.get_ident())
        return b"ok"

    with serving(answer, threads=4) as server, connection(server) as client:
        server._server.trigger._physical_pull = lambda: pulls.append(None)
        for _ in range(20):
            wait_until(lambda: len(server._workers._idle) == 4, 60, "all threads to have nothing")
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
        wait_until(lambda: len(server._workers._idle) == 4, 60, "all threads to have nothing")
        del server._server.trigger._physical_pull
    assert len(threads) == 1
    assert pulls == []


class WithoutHaste(CountingTurns):
    """Has no turn but for something new."""

    def _turn(self, _timeout: float | None) -> None:
        super()._turn(None)


def test_while_a_worker_sends_the_servers_thread_sleeps_and_hears_what_comes_next() -> None:
    sends, go_on = Event(), Event()
    server = WithoutHaste(wsgi(lambda: b"ok"), port=0, name="test", threads=1)
    server.start()
    try:
        with connection(server) as client:
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
            (channel,) = channels(server)
            send = channel.send

            def slow(data: bytes, **how: bool) -> int:
                sends.set()
                assert go_on.wait(60)
                return int(send(data, **how))

            channel.send = slow
            client.request("GET", "/")
            assert sends.wait(60)
            server.turns = 0
            server._server.pull_trigger()
            wait_until(lambda: server.turns, 60, "it to look again")
            assert_does_not_happen(lambda: server.turns > 1, 0.5, "it wakes up")
            go_on.set()
            assert client.getresponse().read() == b"ok"
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
    finally:
        server.stop(5)
