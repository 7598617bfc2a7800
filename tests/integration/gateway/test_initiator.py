"""The project's own FIX client, over real sockets."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import MalformedError, UnavailableError
from fixengine.fix.message import Field, Message
from fixengine.infra.fix.initiator import Initiator
from fixengine.infra.fix.numbers import Numbers, NumbersInFile, NumbersInMemory
from tests.support.fix.acceptor import Acceptor, accepting
from tests.support.fix.sides import Reply, settings
from tests.support.network.certificates import Identity

pytestmark = pytest.mark.any_broker

NEWS = b"B"
PATIENCE = 60.0


def news(text: bytes) -> tuple[Field, ...]:
    return ((148, text), (33, b"1"), (58, text))


def echo(message: Message) -> list[Reply]:
    return [(NEWS, news(message.get(58) or b""))] if message.kind == NEWS else []


@pytest.fixture
def acceptor() -> Iterator[Acceptor]:
    with accepting(settings(b"ENGINE", b"CLIENT"), echo) as acceptor:
        yield acceptor


Clients = Callable[..., Initiator]


@pytest.fixture
def client() -> Iterator[Clients]:
    """Make clients of an address, and let their connections go in the end."""
    made: list[Initiator] = []

    def make(address: tuple[str, int], *, heartbeat: int = 30, **more: object) -> Initiator:
        said = ((553, b"me"), (554, b"hunter2"))
        ours = settings(b"CLIENT", b"ENGINE", logon_fields=said, heartbeat_seconds=heartbeat)
        made.append(Initiator(address, ours, **more))  # type: ignore[arg-type]  # as the caller says
        return made[-1]

    yield make
    for each in made:
        each.drop()


def texts(initiator: Initiator, count: int) -> list[bytes]:
    """Return what comes first."""
    came = initiator.messages(PATIENCE)
    return [next(came).get(58) or b"" for _ in range(count)]


def test_it_logs_on_talks_and_logs_out(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address)
    ours.logon()
    assert [acceptor.logons[0].get(tag) for tag in (553, 554)] == [b"me", b"hunter2"]
    assert ours.send(NEWS, news(b"one")) == 2
    assert texts(ours, 1) == [b"one"]
    ours.logout("enough")
    assert not ours.is_logged_on
    assert acceptor.side.why == "the peer said Logout: enough"


def test_nothing_comes_in_the_time_that_was_given(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address)
    ours.logon()
    assert [*ours.messages(0.05)] == []
    assert ours.is_logged_on


def test_numbers_go_on_after_a_connection_was_lost(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address)
    ours.logon()
    ours.send(NEWS, news(b"one"))
    assert texts(ours, 1) == [b"one"]
    acceptor.cut()
    with pytest.raises(UnavailableError, match="there is no session with"):
        [*ours.messages(PATIENCE)]
    assert ours.send(NEWS, news(b"two")) == 3  # nobody hears it, and it has its number
    ours.logon()
    assert texts(ours, 1) == [b"two"]
    assert [each.get(58) for each in acceptor.side.books.seen] == [b"one", b"two"]


def test_bytes_of_a_dead_connection_do_not_go_out_on_the_next(
    client: Clients, acceptor: Acceptor
) -> None:
    ours = client(acceptor.address)
    ours.logon()
    acceptor.cut()
    sent: list[bytes] = []
    until = monotonic() + PATIENCE
    while ours.is_logged_on:  # the first ones go to a system that knows nothing of it yet
        assert monotonic() < until
        sent.append(b"%d" % len(sent))
        ours.send(NEWS, news(sent[-1]))
    ours.logon()
    assert texts(ours, len(sent)) == sent


def test_messages_that_came_before_a_loss_are_told_first(
    client: Clients, acceptor: Acceptor
) -> None:
    ours = client(acceptor.address)
    ours.logon()
    ours.send(NEWS, news(b"one"))
    came = ours.messages(PATIENCE)
    assert next(came).get(58) == b"one"
    ours.send(NEWS, news(b"two"))
    ours.send(NEWS, news(b"three"))
    wait_until(lambda: acceptor.side.books.next_out == 5, PATIENCE, "the answers")
    ours.drop()
    ours.logon()
    assert [next(came).get(58) for _ in range(2)] == [b"two", b"three"]


def test_a_gap_is_asked_for_and_comes_in_its_turn(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address)
    ours.logon()
    for number in range(1_200):  # more than two pages of what is sent again
        ours.send(NEWS, news(b"%d" % number))
    wait_until(lambda: acceptor.side.books.next_out == 1_202, PATIENCE, "the answers")
    ours.drop()
    ours.logon()
    assert texts(ours, 1_200) == [b"%d" % number for number in range(1_200)]


def test_both_numbers_begin_anew_where_it_asks_for_it(client: Clients, acceptor: Acceptor) -> None:
    kept = NumbersInMemory()
    ours = client(acceptor.address, numbers=kept)
    ours.logon()
    ours.send(NEWS, news(b"one"))
    assert texts(ours, 1) == [b"one"]
    assert [*ours.messages(0)] == []
    ours.logon(reset=True)
    assert acceptor.side.books.resets == 1
    assert kept.load() == Numbers(1, 2), "nothing of the new numbers is handled"
    assert ours.send(NEWS, news(b"two")) == 2
    assert texts(ours, 1) == [b"two"]


def test_numbers_in_a_file_outlive_the_client(
    client: Clients, acceptor: Acceptor, tmp_path: Path
) -> None:
    file = tmp_path / "numbers"
    ours = client(acceptor.address, numbers=NumbersInFile(file))
    ours.logon()
    ours.send(NEWS, news(b"one"))
    assert texts(ours, 1) == [b"one"]
    ours.send(NEWS, news(b"two"))  # whose answer nobody handles
    wait_until(lambda: acceptor.side.books.next_out == 4, PATIENCE, "the answer")
    ours.drop()
    again = client(acceptor.address, numbers=NumbersInFile(file))
    again.logon()
    assert texts(again, 2) == [b"one", b"two"]  # nobody asked for more, so neither was handled
    assert again.send(NEWS, news(b"three")) == 6
    assert texts(again, 1) == [b"three"]
    assert acceptor.side.books.resets == 0


def test_a_file_with_something_else_is_refused(
    client: Clients, acceptor: Acceptor, tmp_path: Path
) -> None:
    file = tmp_path / "numbers"
    file.write_text("{}")
    with pytest.raises(MalformedError, match="has no numbers of a session"):
        client(acceptor.address, numbers=NumbersInFile(file))


def test_a_heartbeat_is_answered_while_it_waits(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address, heartbeat=1)
    ours.logon()
    assert [*ours.messages(2.5)] == []
    assert ours.is_logged_on
    assert ours.next_numbers.next_out > 2


def test_what_came_before_the_end_of_a_connection_is_told_before_it(
    client: Clients, acceptor: Acceptor
) -> None:
    ours = client(acceptor.address)
    ours.logon()
    ours.send(NEWS, news(b"one"))
    wait_until(lambda: acceptor.side.books.next_out == 3, PATIENCE, "the answer")
    acceptor.cut()
    told: list[bytes | None] = []
    with pytest.raises(UnavailableError):
        told += (each.get(58) for each in ours.messages(PATIENCE))
    assert told == [b"one"]


@contextmanager
def stalling() -> Iterator[tuple[Acceptor, threading.Event]]:
    """Lend an acceptor that reads no more after the first message, until it may go on."""
    may_go_on = threading.Event()

    def stalls(_message: Message) -> list[Reply]:
        may_go_on.wait(PATIENCE)
        return []

    with accepting(settings(b"ENGINE", b"CLIENT"), stalls) as acceptor:
        yield acceptor, may_go_on


def test_a_peer_that_falls_silent_is_given_up(client: Clients) -> None:
    with stalling() as (acceptor, may_go_on):
        ours = client(acceptor.address, heartbeat=1)
        ours.logon()
        ours.send(NEWS, news(b"one"))
        with pytest.raises(UnavailableError, match="the peer shows no sign of life"):
            [*ours.messages(PATIENCE)]
        may_go_on.set()


def test_who_answers_no_logout_in_time_is_left_without_a_word(client: Clients) -> None:
    with stalling() as (acceptor, may_go_on):
        ours = client(acceptor.address)
        ours.logon()
        ours.send(NEWS, news(b"one"))
        ours.logout("enough", within=0.1)
        with pytest.raises(UnavailableError, match="it was dropped here"):
            [*ours.messages(0)]
        may_go_on.set()


def test_what_the_peer_does_not_read_goes_out_later(client: Clients) -> None:
    with stalling() as (acceptor, may_go_on):
        ours = client(acceptor.address)
        ours.logon()
        while ours.written(0.05):
            last = ours.send(NEWS, news(b"x" * 30_000), within=0)
        may_go_on.set()
        assert ours.written(PATIENCE)
        wait_until(lambda: acceptor.side.session.next_in == last + 1, PATIENCE, "the last of it")


def test_a_logon_that_is_refused_says_why(client: Clients, acceptor: Acceptor) -> None:
    ours = client(acceptor.address, heartbeat=4_000)
    with pytest.raises(UnavailableError, match=r"HeartBtInt\(108\) must be 0 to 3600"):
        ours.logon()


def test_a_logon_that_is_answered_by_nothing_says_so(client: Clients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            line, _ = listener.accept()
            line.recv(1_000)
            line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        ours = client(listener.getsockname())
        with pytest.raises(UnavailableError, match="without a word: compare"):
            ours.logon()
        thread.join(PATIENCE)


def test_nobody_there_is_said(client: Clients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(UnavailableError, match="can't be reached"):
        client(address).logon()


def test_a_peer_that_speaks_no_tls_is_said(client: Clients) -> None:
    with accepting(settings(b"ENGINE", b"CLIENT"), echo) as acceptor:
        ours = client(acceptor.address, tls=ssl.create_default_context())
        with pytest.raises(UnavailableError, match="may not speak TLS"):
            ours.logon()


def test_a_certificate_that_nobody_vouches_for_is_said(client: Clients, tmp_path: Path) -> None:
    theirs, ours = Identity.made(tmp_path, "gateway"), Identity.made(tmp_path, "client")
    with accepting(settings(b"ENGINE", b"CLIENT"), echo, theirs.serving(ours)) as acceptor:
        trusting_nobody = client(acceptor.address, tls=ssl.create_default_context())
        with pytest.raises(UnavailableError, match="can't be trusted: self-signed certificate"):
            trusting_nobody.logon()


def test_who_has_enough_waits_for_nobody_to_answer_the_call(client: Clients) -> None:
    with ExitStack() as opened:
        crowded = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):  # the system takes these, and no more
            other = opened.enter_context(socket.socket())
            other.setblocking(False)
            with suppress(BlockingIOError):
                other.connect(crowded.getsockname())
        with pytest.raises(UnavailableError, match="nobody waits for it any more"):
            client(crowded.getsockname()).logon(is_over=lambda: True)


@pytest.mark.parametrize(
    ("tls", "said"),
    [(ssl.create_default_context(), "nobody waits for it any more"), (None, "it was dropped here")],
    ids=["handshake", "logon"],
)
def test_who_has_enough_waits_for_no_answer(
    client: Clients, tls: ssl.SSLContext | None, said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as opened:
        listener.setblocking(False)
        lines: list[socket.socket] = []

        def something_came() -> bool:
            with suppress(BlockingIOError):
                lines.append(opened.enter_context(listener.accept()[0]))
                lines[0].setblocking(False)
            with suppress(BlockingIOError):
                return any(line.recv(1) for line in lines)
            return False

        with pytest.raises(UnavailableError, match=said):
            client(listener.getsockname(), tls=tls).logon(is_over=something_came)


def test_who_has_enough_waits_for_no_look_up_and_what_comes_of_it_is_closed(
    client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, found = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def looks_up(*arguments: Any) -> object:
        asked.set()
        found.wait()
        return look_up(*arguments)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(socket, "getaddrinfo", looks_up)
        with pytest.raises(UnavailableError, match="nobody waits for it any more"):
            client(listener.getsockname()).logon(is_over=asked.is_set)
        found.set()
        line, _ = listener.accept()
        with line:
            line.settimeout(PATIENCE)
            assert line.recv(1) == b""


def test_it_speaks_tls_and_shows_its_certificate(client: Clients, tmp_path: Path) -> None:
    theirs, ours = Identity.made(tmp_path, "gateway"), Identity.made(tmp_path, "client")
    context = ssl.create_default_context(cafile=str(theirs.certificate))
    context.load_cert_chain(ours.certificate, ours.key)
    with accepting(settings(b"ENGINE", b"CLIENT"), echo, theirs.serving(ours)) as acceptor:
        initiator = client(acceptor.address, tls=context)
        initiator.logon()
        for number in range(500):
            initiator.send(NEWS, news(b"%d" % number))
        assert texts(initiator, 500) == [b"%d" % number for number in range(500)]
        initiator.logout("enough")
