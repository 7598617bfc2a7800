"""The proxy of the chaos runs, between a client and an echo."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from tests.support.network.proxy import Flow, Proxy


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
def proxy(workspace: Workspace, heard: list[bytes]) -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=echo, args=(server, heard), daemon=True).start()
        proxy = Proxy(port=workspace.reserve_port(), target=server.getsockname()[1])
        proxy.start()
        yield proxy
        proxy.stop()
        proxy.stop()


def echo(server: socket.socket, heard: list[bytes]) -> None:
    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(1000):
                heard.append(data)
                connection.sendall(data)

    with suppress(OSError):
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


@contextmanager
def client(proxy: Proxy, timeout: float = 5) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout) as connection:
        yield connection


def test_what_is_sent_comes_back(proxy: Proxy) -> None:
    with client(proxy) as connection:
        connection.sendall(b"x" * 300_000)
        got = 0
        while got < 300_000:
            got += len(connection.recv(100_000))


def test_new_connections_go_where_it_leads_them_and_old_ones_stay(
    proxy: Proxy, heard: list[bytes]
) -> None:
    elsewhere: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server, client(proxy) as old:
        threading.Thread(target=echo, args=(server, elsewhere), daemon=True).start()
        old.sendall(b"a")
        assert old.recv(10) == b"a"
        proxy.lead_to(server.getsockname()[1])
        with client(proxy) as new:
            new.sendall(b"b")
            assert new.recv(10) == b"b"
        old.sendall(b"c")
        assert old.recv(10) == b"c"
    assert (heard, elsewhere) == ([b"a", b"c"], [b"b"])
    assert proxy.passed_on == 2


def test_a_cut_breaks_old_connections_and_new_ones(proxy: Proxy) -> None:
    with client(proxy) as old:
        old.sendall(b"a")
        assert old.recv(1) == b"a"
        proxy.set(Flow.CUT)
        with pytest.raises(ConnectionResetError):
            old.recv(1)
    # the connection may be cut before it is made
    with pytest.raises(ConnectionError), client(proxy) as new:
        new.recv(1)
    proxy.set(Flow.OPEN)
    with client(proxy) as connection:
        connection.sendall(b"b")
        assert connection.recv(1) == b"b"


def test_a_silent_one_takes_everything_and_gives_nothing(proxy: Proxy, heard: list[bytes]) -> None:
    with client(proxy, timeout=0.3) as connection:
        proxy.set(Flow.SILENT)
        connection.sendall(b"a")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert not heard
        connection.settimeout(60)
        proxy.set(Flow.OPEN)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_mute_one_delivers_and_keeps_the_reply(proxy: Proxy, heard: list[bytes]) -> None:
    with client(proxy, timeout=0.3) as connection:
        proxy.set(Flow.MUTE)
        connection.sendall(b"a")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        wait_until(lambda: heard == [b"a"], 60, "the request to arrive")


def test_stranded_connections_get_nothing_more_and_new_ones_are_as_usual(
    proxy: Proxy, heard: list[bytes]
) -> None:
    with client(proxy, timeout=0.3) as old:
        old.sendall(b"a")
        assert old.recv(1) == b"a"
        proxy.strand()
        old.sendall(b"b")
        with pytest.raises(TimeoutError):
            old.recv(1)
    with client(proxy) as new:
        new.sendall(b"c")
        assert new.recv(1) == b"c"
    assert heard == [b"a", b"c"]


def test_connections_go_to_each_target_in_turn_past_one_that_is_away(workspace: Workspace) -> None:
    nobody = workspace.reserve_port()
    names = (b"1", b"2")
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    first, second = (server.getsockname()[1] for server in servers)
    proxy = Proxy(port=workspace.reserve_port(), target=nobody, others=(first, second))
    proxy.start()
    for server, name in zip(servers, names, strict=True):
        threading.Thread(target=greet, args=(server, name), daemon=True).start()
    got = []
    for _ in range(4):
        with client(proxy) as connection:
            got.append(connection.recv(1))
    proxy.stop()
    for server in servers:
        server.close()
    assert got == [b"1", b"2", b"1", b"2"]


def greet(server: socket.socket, name: bytes) -> None:
    with suppress(OSError):
        while True:
            with server.accept()[0] as connection, suppress(ConnectionError):
                connection.sendall(name)
                connection.recv(1)


def test_latency_is_added_each_way(proxy: Proxy) -> None:
    with client(proxy) as connection:
        proxy.set(Flow.OPEN, latency_seconds=0.2)
        began = time.monotonic()
        connection.sendall(b"a")
        assert connection.recv(1) == b"a"
        assert 0.4 <= time.monotonic() - began < 30


def test_a_commit_whose_reply_is_lost_has_happened(
    postgres: Postgres, database: str, workspace: Workspace
) -> None:
    proxy = Proxy(port=workspace.reserve_port(), target=postgres.port)
    proxy.start()
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    dsn = f"postgresql://postgres@{proxy.address}/{name}"
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t ()")
        proxy.set(Flow.MUTE)
        closing = threading.Timer(0.5, proxy.set, [Flow.CUT])
        closing.start()
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
        closing.join()
    proxy.stop()
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (0,)
