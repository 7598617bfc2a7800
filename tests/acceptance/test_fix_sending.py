"""The command `fix send` as a shell sees it, with an acceptor that plays a gateway."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import time

import pytest

from fixengine.cli import parse
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from fixengine.fix.dictionary import versions
from fixengine.fix.message import Message
from fixengine.fix.session import LOGON_SECONDS
from tests.support.fix.acceptor import Acceptor, accepting
from tests.support.fix.sender import sending_to
from tests.support.fix.sides import Reply, settings
from tests.support.network.certificates import Identity

PATIENCE = 60.0
NEW, FILLED, CANCELLED, REJECTED = b"0", b"2", b"4", b"8"


class Gateway:
    """Answers an order with what `becomes` says, and a cancel with its end."""

    def __init__(self, *becomes: bytes) -> None:
        self.becomes = becomes
        self.orders: list[Message] = []
        self.cancels: list[Message] = []
        self._exec_ids = count(1)

    def __call__(self, message: Message) -> list[Reply]:
        match message.kind:
            case b"D":
                self.orders.append(message)
                return [self._report(message, each) for each in self.becomes]
            case b"F":
                self.cancels.append(message)
                return [self._report(message, CANCELLED)]
            case _:
                return []

    def _report(self, message: Message, status: bytes) -> Reply:
        exec_type = b"F" if status == FILLED else status
        said = [(11, message.get(11)), (41, message.get(41)), (17, b"E%d" % next(self._exec_ids))]
        said += [(37, b"1"), (150, exec_type), (39, status), (54, b"1"), (55, b"IBM"), (6, b"0")]
        return b"8", tuple(
            (tag, value) for tag, value in (*said, (14, b"0"), (151, b"0")) if value is not None
        )


@contextmanager
def sending(
    acceptor: Acceptor, *arguments: str, **environment: str
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command beside the body."""
    with sending_to(acceptor.address, *arguments, **environment) as process:
        yield process


def sent(acceptor: Acceptor, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run the command to its end; return its exit code and all that it said."""
    with sending(acceptor, *arguments, **environment) as process:
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output


@contextmanager
def accepted(gateway: Gateway) -> Iterator[Acceptor]:
    with accepting(settings(b"FIXENGINE", b"CLIENT"), gateway) as acceptor:
        yield acceptor


def test_it_sends_orders_prints_the_reports_and_ends_when_all_are_done() -> None:
    gateway = Gateway(NEW, FILLED)
    with accepted(gateway) as acceptor:
        code, said = sent(acceptor, "--count", "20", "--symbols", "IBM", "A")
    assert code == 0, said
    assert len({each.get(11) for each in gateway.orders}) == 20
    assert {each.get(55) for each in gateway.orders} == {b"IBM", b"A"}
    assert said.count("ExecutionReport: order ") == 40
    assert said.endswith("20 Filled\n")
    assert acceptor.side.why == "the peer said Logout: all is said"


class Stutters(Gateway):
    """Tells everything twice."""

    def __call__(self, message: Message) -> list[Reply]:
        return [reply for reply in super().__call__(message) for _ in range(2)]


def test_a_report_that_comes_twice_is_printed_once() -> None:
    with accepted(Stutters(NEW, FILLED)) as acceptor:
        code, said = sent(acceptor, "--count", "1")
    assert code == 0
    assert said.count("ExecutionReport: ") == 2


def test_orders_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "orders"
    file.write_text("55=IBM|54=1|38=100|11=mine\n55=A|54=2|38=50|40=2|44=1.5\n")
    gateway = Gateway(FILLED)
    with accepted(gateway) as acceptor:
        assert sent(acceptor, str(file))[0] == 0
    assert [each.get(55) for each in gateway.orders] == [b"IBM", b"A"]
    assert gateway.orders[0].get(11) == b"mine"
    assert gateway.orders[1].get(44) == b"1.5"


def test_a_rejected_order_fails() -> None:
    with accepted(Gateway(REJECTED)) as acceptor:
        code, said = sent(acceptor, "--count", "1")
    assert code == 1
    assert said.endswith("1 Rejected\n")


def test_the_password_comes_from_the_environment_and_is_not_shown() -> None:
    with accepted(Gateway(FILLED)) as acceptor:
        code, said = sent(acceptor, "--count", "1", "--username", "me", FIX_PASSWORD="hunter2")
    assert code == 0
    assert [acceptor.logons[0].get(tag) for tag in (553, 554)] == [b"me", b"hunter2"]
    assert "hunter2" not in said


def test_the_first_interrupt_cancels_what_is_open() -> None:
    gateway = Gateway(NEW)
    with accepted(gateway) as acceptor, sending(acceptor, "--count", "3") as process:
        wait_until(lambda: len(gateway.orders) == 3, PATIENCE, "the orders")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert len(gateway.cancels) == 3
    assert {each.get(41) for each in gateway.cancels} == {each.get(11) for each in gateway.orders}
    assert output.endswith("3 Canceled\n")


def test_the_second_interrupt_leaves_what_is_open() -> None:
    gateway = Deaf(NEW)
    with accepted(gateway) as acceptor, sending(acceptor, "--count", "3") as process:
        wait_until(lambda: len(gateway.orders) == 3, PATIENCE, "the orders")
        process.send_signal(signal.SIGINT)
        wait_until(lambda: len(gateway.cancels) == 3, PATIENCE, "the requests")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert output.endswith("3 New\n")


class Deaf(Gateway):
    """Says nothing of a cancel."""

    def __call__(self, message: Message) -> list[Reply]:
        replies = super().__call__(message)
        return replies if message.kind == b"D" else []


def test_after_the_time_that_was_given_open_orders_are_cancelled() -> None:
    gateway = Gateway(NEW)
    with accepted(gateway) as acceptor:
        code, said = sent(acceptor, "--count", "2", "--within", "0.5")
    assert code == 0
    assert said.endswith("2 Canceled\n")


def test_orders_that_were_not_sent_in_time_are_told() -> None:
    gateway = Gateway(FILLED)
    with accepted(gateway) as acceptor:
        code, said = sent(acceptor, "--count", "1000000", "--within", "0.3")
    assert code == 130
    assert said.endswith(f"\n{1_000_000 - len(gateway.orders)} not sent\n")


def test_an_interrupt_ends_a_logon_that_nobody_answers() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        sending_to(listener.getsockname(), "--count", "1") as process,
    ):
        line, _ = listener.accept()
        with line:
            assert line.recv(1_000)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (130, "")


class Stalls(Gateway):
    """Reads nothing behind the first order, until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = Event()

    def __call__(self, message: Message) -> list[Reply]:
        replies = super().__call__(message)
        self.may_read.wait()
        return replies


def sleeps(pid: int) -> bool:
    """Say whether a process waits for something else than a core."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_an_interrupt_ends_orders_that_nobody_reads(tmp_path: Path) -> None:
    gateway, file, numbers = Stalls(), tmp_path / "orders", tmp_path / "numbers"
    file.write_text(f"55=IBM|54=1|38=100|58={'x' * 60_000}\n" * 500)
    options = (str(file), "--numbers", str(numbers), "--heartbeat", "3600")
    with (
        accepting(settings(b"FIXENGINE", b"CLIENT"), gateway, kept=4096) as acceptor,
        sending(acceptor, *options) as process,
    ):
        wait_until(lambda: gateway.orders, PATIENCE, "the first order")
        wait_until(
            lambda: time() - numbers.stat().st_mtime > 0.5 and sleeps(process.pid),
            PATIENCE,
            "no order to be written any more",
        )
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
        gateway.may_read.set()
    assert process.returncode == 130, output
    said, unanswered, unsent = output.splitlines()[1:]
    assert said == "the gateway reads nothing: what is open stays open"
    assert int(unanswered.removesuffix(" without an answer")) >= 1
    assert int(unsent.removesuffix(" not sent")) >= 1


def said_by(process: "subprocess.Popen[str]", what: str) -> None:
    """Read what it prints, up to a line with this in it."""
    assert process.stdout is not None
    lines = iter(process.stdout)
    assert any(what in line for line in lines), f"it never said: {what}"


@contextmanager
def left_alone() -> Iterator[tuple["subprocess.Popen[str]", tuple[str, int]]]:
    """Lend the command with an open order, and the address where its gateway was."""
    gateway = Gateway(NEW)
    with accepted(gateway) as acceptor, sending(acceptor, "--count", "1") as process:
        said_by(process, "ExecutionReport: order ")
        address = acceptor.address
        acceptor.close()
        yield process, address


def test_an_interrupt_ends_the_wait_for_another_logon() -> None:
    with left_alone() as (process, _):
        said_by(process, "can't be reached")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert "the gateway can't be told: what is open stays open\n1 New\n" in output


def test_an_interrupt_ends_another_logon_that_nobody_answers() -> None:
    with left_alone() as (process, address), socket.create_server(address) as listener:
        line, _ = listener.accept()
        with line:
            assert line.recv(1_000)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=LOGON_SECONDS)
    assert process.returncode == 130, output
    assert "the gateway can't be told: what is open stays open\n1 New\n" in output


def test_why_it_is_not_logged_on_again_is_said_once() -> None:
    gateway = Gateway(NEW)
    with accepted(gateway) as acceptor, sending(acceptor, "--count", "1") as process:
        wait_until(lambda: gateway.orders, PATIENCE, "the order")
        acceptor.side.settings = settings(b"FIXENGINE", b"CLIENT", shortest_heartbeat_seconds=60)
        acceptor.cut()
        wait_until(lambda: len(acceptor.logons) > 2, PATIENCE, "two more logons")
        seen = len(acceptor.logons)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: len(acceptor.logons) > seen, PATIENCE, "one more, to cancel")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    # once while it waits for its orders, and once while it cancels
    why = "the peer refuses our Logon: HeartBtInt(108) must be 60 to 3600"
    assert output.count(why) <= 2
    assert why in output


def test_a_connection_that_breaks_is_made_again_and_nothing_is_lost() -> None:
    gateway = Gateway(NEW)
    with accepted(gateway) as acceptor, sending(acceptor, "--count", "3") as process:
        wait_until(lambda: len(gateway.orders) == 3, PATIENCE, "the orders")
        acceptor.cut()
        said_by(process, "it is logged on again")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert acceptor.logons[0].get(141) == b"Y"
    assert acceptor.logons[1].get(141) is None
    assert len(gateway.orders) == 3


def test_numbers_in_a_file_go_on_in_the_next_run(tmp_path: Path) -> None:
    numbers = str(tmp_path / "numbers")
    gateway = Gateway(FILLED)
    with accepted(gateway) as acceptor:
        for _ in range(2):
            code, said = sent(acceptor, "--count", "2", "--numbers", numbers)
            assert code == 0, said
            assert said.count("ExecutionReport: ") == 2, "none comes again in the next run"
    assert acceptor.side.books.resets == 1, "the file was new in the first run"
    assert len({each.get(11) for each in gateway.orders}) == 4


def test_numbers_in_a_new_file_begin_at_1_whatever_was_before(tmp_path: Path) -> None:
    with accepted(Gateway(FILLED)) as acceptor:
        assert sent(acceptor, "--count", "1")[0] == 0
        code, said = sent(acceptor, "--count", "1", "--numbers", str(tmp_path / "numbers"))
    assert code == 0, said


def test_options_say_who_speaks_which_version_to_whom() -> None:
    gateway = Gateway()
    theirs = settings(b"ENGINE", b"OMS", dictionary=versions()[b"FIX.4.2"])
    options = ("--sender", "OMS", "--target", "ENGINE", "--version", "FIX.4.2", "--heartbeat", "7")
    with accepting(theirs, gateway) as acceptor, sending(acceptor, "--count", "1", *options):
        wait_until(lambda: gateway.orders, PATIENCE, "the order")
    assert acceptor.logons[0].get(108) == b"7"


def test_orders_come_from_standard_input() -> None:
    gateway = Gateway(FILLED)
    with accepted(gateway) as acceptor:
        host, port = acceptor.address
        done = subprocess.run(
            (sys.executable, "-m", "fixengine", "fix", "send", f"{host}:{port}", "-"),
            input=b"55=IBM|54=1|38=100|11=mine\n",
            env=surroundings(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert [each.get(11) for each in gateway.orders] == [b"mine"]


def test_it_shows_its_certificate_to_a_gateway_that_it_trusts(tmp_path: Path) -> None:
    theirs, ours = Identity.made(tmp_path, "gateway"), Identity.made(tmp_path, "client")
    both = tmp_path / "both.pem"
    both.write_bytes(ours.certificate.read_bytes() + ours.key.read_bytes())
    trusting = ("--ca", str(theirs.certificate), "--certificate", str(both))
    with accepting(
        settings(b"FIXENGINE", b"CLIENT"), Gateway(FILLED), theirs.serving(ours)
    ) as acceptor:
        code, said = sent(acceptor, "--count", "1", *trusting)
        assert code == 0, said
        code, said = sent(acceptor, "--count", "1", "--tls")
    assert code == 1
    assert "can't be trusted: self-signed certificate" in said


def test_files_of_tls_that_are_not_there_are_told_before_the_logon() -> None:
    with accepted(Gateway()) as acceptor:
        code, said = sent(acceptor, "--count", "1", "--ca", "missing.pem")
    assert (code, acceptor.logons) == (1, [])
    assert "the files of TLS can't be used" in said


def test_an_address_may_be_one_of_ipv6() -> None:
    assert parse(["fix", "send", "[::1]:98", "--count", "1"]).address == ("::1", 98)


def test_numbers_that_cannot_be_kept_are_told_before_the_logon(tmp_path: Path) -> None:
    with accepted(Gateway()) as acceptor:
        code, said = sent(
            acceptor, "--count", "1", "--numbers", str(tmp_path / "missing" / "numbers")
        )
    assert code == 1
    assert "numbers can't be written: No such file or directory" in said
    assert "Traceback" not in said
    assert acceptor.logons == []


@pytest.mark.parametrize(
    ("content", "said"),
    [("55=IBM|54\n", "line 1: '54' is no field such as 38=100"), (None, "can't be read")],
)
def test_a_file_that_cannot_be_used_is_refused_before_the_logon(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "orders"
    if content is not None:
        file.write_text(content)
    with accepted(Gateway()) as acceptor:
        code, output = sent(acceptor, str(file))
    assert code == 1
    assert said in output
    assert acceptor.logons == []
