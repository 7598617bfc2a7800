"""Clients that do what others have failed at: their session goes on or ends, and no other cares."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.config.passwords import hash_password
from fixengine.demo.waiting import wait_until
from fixengine.fix.framing import checksum
from tests.support.engines import Surroundings
from tests.support.fix.echo import EchoApplication
from tests.support.fix.hall import PATIENCE, Peer
from tests.support.fix.hostile import Hostile
from tests.support.gateways import (
    GatewayProcess,
    RunningGateway,
    gateway_process,
    running_gateway,
    session,
)
from tests.support.network.certificates import Identity
from tests.support.rows import change

pytestmark = pytest.mark.any_broker

_names = (f"CLIENT{number}" for number in count(1))
HASH = hash_password(b"right")
ORDER = "21=1|40=1|54=1|55=IBM|60=20260302-09:30:00|"


@pytest.fixture(scope="module")
def gateway(
    shared: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    with running_gateway(
        shared,
        tmp_path_factory.mktemp("gateway"),
        sessions=session("*")
        + session("GUARDED", password=f'"{HASH}"')
        + session("DAILY", end_of_day=f'"{datetime.now(UTC) - timedelta(hours=2):%H:%M}"'),
        application=lambda *_: EchoApplication(),
    ) as gateway:
        yield gateway


@pytest.fixture
def name() -> str:
    """Return a client that has never logged on."""
    return next(_names)


@pytest.fixture
def client(gateway: RunningGateway, name: str) -> Iterator[Hostile]:
    with Hostile(gateway.port, name) as client:
        yield client.logged_on()


def order(seq: int, more: str = "") -> str:
    return f"35=D|34={seq}|11={seq}|{more}{ORDER}"


def echo(seq: int, more: str = "", *, ours: int | None = None) -> str:
    """Return the answer to it; `ours` is its number, if it is another."""
    early, late = (more, "") if more.startswith("58=") else ("", more)
    body = f"11={seq}|21=1|40=1|54=1|55=IBM|{early}60=20260302-09:30:00|{late}"
    return f"35=D|34={ours or seq}|{body}"


def again(seq: int) -> str:
    """Return the same when it is sent again."""
    return echo(seq).replace("|11=", "|43=Y|122=*|11=")


def fill(seq: int, until: int) -> str:
    """Return what the gateway says instead of administrative messages."""
    return f"35=4|34={seq}|43=Y|122=*|36={until}|123=Y|"


def own_fill(seq: int, until: int) -> str:
    return f"35=4|34={seq}|43=Y|122=20260302-09:30:00|36={until}|123=Y|"


def test_messages_may_come_byte_by_byte(client: Hostile) -> None:
    for byte in client.written(order(2)):
        client.says(bytes((byte,)))
    assert client.answers(1) == [echo(2)]


def test_a_logon_and_all_that_follows_may_come_in_one_piece(
    gateway: RunningGateway, name: str
) -> None:
    with Hostile(gateway.port, name) as client:
        numbers = range(2, 102)
        client.speaks("35=A|34=1|98=0|108=30|", *map(order, numbers), "35=5|34=102|")
        assert client.answers(102)[1:] == [*map(echo, numbers), "35=5|34=102|"]


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0" * 100_000,
        b"8=FIX.4.4\x019=999999999\x0135=D\x0134=2\x01",
        b"8=FIX.4.4\x019=-1\x0135=D\x0134=2\x01",
        b"8=FIX.4.4\x019=2000000\x0135=D\x0134=2\x01",
        b"8=FIX.4.4\x0135=D\x019=5\x0134=2\x01",
        b"8=FIX.4.4\x019=5\x0134=2\x0110=000\x01",
        b"8=FIX.4.4\x019=10\x0135=0\x0134=2\x0110=000\x01",
        b"10=123\x01" * 1_000,
        b"8=FIX.4.4\x01" * 1_000,
    ],
    ids=["http", "zeros", "huge", "negative", "2 MB", "order", "no type", "sum", "10", "8"],
)
def test_what_is_garbled_is_passed_over(client: Hostile, junk: bytes) -> None:
    client.says(junk + client.written(order(2)))
    assert client.answers(1) == [echo(2)]


def test_data_may_look_like_the_end_of_a_message(client: Hostile) -> None:
    data = "354=8|355=\x0110=123\x01|"
    assert client.asks(order(2, data), order(3)) == [echo(2, data), echo(3)]


@pytest.mark.parametrize("coding", ["latin-1", "utf-8"])
def test_text_of_any_coding_comes_through_and_may_be_cut_anywhere(
    client: Hostile, coding: str
) -> None:
    text = "Übermäßig".encode(coding).decode("latin-1")
    data = client.written(order(2, f"58={text}|"))
    cut = data.index(b"58=") + 4
    client.says(data[:cut])
    client.says(data[cut:])
    assert client.answers(1) == [echo(2, f"58={text}|")]


def test_thirty_thousand_fields_are_refused_and_the_session_goes_on(client: Hostile) -> None:
    many = "".join(f"{tag}=x|" for tag in range(10_000, 40_000))
    refused, answer = client.asks(order(2, many), order(3))
    assert refused == "35=3|34=2|45=2|58=Message has too many fields|372=D|373=99|"
    assert answer == echo(3)


def test_small_checksums_have_three_digits(client: Hostile) -> None:
    texts = ("z" * size + chr(last) for size in count() for last in range(35, 123))
    small = next(
        data
        for data in (client.written(order(2, f"58={text}|")) for text in texts)
        if checksum(data[: -len(b"10=000|")]) < 10
    )
    client.says(small)
    (answer,) = client.answers(1)
    assert answer.startswith("35=D|34=2|")


def test_a_second_logon_on_a_connection_ends_it(client: Hostile) -> None:
    client.speaks("35=A|34=2|98=0|108=30|")
    assert client.answers(2) == ["35=5|34=2|58=Logon without ResetSeqNumFlag(141) while logged on|"]


def test_a_second_connection_of_a_live_client_hears_nothing(
    gateway: RunningGateway, client: Hostile, name: str
) -> None:
    with Hostile(gateway.port, name) as second:
        second.speaks("35=A|34=2|98=0|108=30|141=Y|")
        assert second.hears_the_end() == b""
    assert client.asks(order(2)) == [echo(2)]


def test_bytes_of_an_old_connection_count_for_nothing_once_the_client_is_back(
    gateway: RunningGateway, name: str
) -> None:
    with Hostile(gateway.port, name) as old, ExitStack() as news:
        old.logged_on("34=1|98=0|108=1|")

        def is_back() -> bool:
            new = news.enter_context(Hostile(gateway.port, name))
            new.speaks("35=A|34=2|98=0|108=30|")
            back.append(new)
            return new.answers(1) != []

        back: list[Hostile] = []
        wait_until(is_back, PATIENCE, "the old connection to be given up")
        old.speaks(order(3), order(4))
        while old.answers(1):
            pass
        (answer,) = back[-1].asks(order(3))
        assert answer.partition("|11=")[2] == echo(3).partition("|11=")[2]


def test_a_reset_with_a_wrong_password_resets_nothing(gateway: RunningGateway) -> None:
    with Hostile(gateway.port, "GUARDED") as client:
        client.logged_on("34=1|98=0|108=30|554=right|")
        assert client.asks(order(2)) == [echo(2)]
        client.speaks("35=5|34=3|")
        assert client.answers(2) == ["35=5|34=3|"]
    for wrong in ("554=wrong|", "554=|", ""):
        with Hostile(gateway.port, "GUARDED") as guess:
            guess.speaks(f"35=A|34=1|98=0|108=30|141=Y|{wrong}")
            assert guess.hears_the_end() == b""
    with Hostile(gateway.port, "GUARDED") as client:
        client.logged_on("34=4|98=0|108=30|554=right|")
        assert client.asks(order(5)) == [echo(5)]


def test_who_guesses_passwords_is_not_heard_and_others_log_on(gateway: RunningGateway) -> None:
    for _ in range(30):
        with Hostile(gateway.port, "GUARDED", of="127.0.0.2") as guess:
            guess.speaks("35=A|34=1|98=0|108=30|141=Y|554=wrong|")
            assert guess.hears_the_end() == b""
    with Hostile(gateway.port, "GUARDED", of="127.0.0.2") as guess:
        guess.speaks("35=A|34=1|98=0|108=30|141=Y|554=right|")
        assert guess.hears_the_end() == b""
    with Hostile(gateway.port, next(_names)) as client:
        assert client.logged_on().asks(order(2)) == [echo(2)]


def test_both_sides_may_have_a_gap(client: Hostile, gateway: RunningGateway, name: str) -> None:
    assert client.asks(order(2), order(3)) == [echo(2), echo(3)]
    client.speaks("35=5|34=4|")
    assert client.answers(2) == ["35=5|34=4|"]
    with Hostile(gateway.port, name) as back:
        back.speaks("35=A|34=7|98=0|108=30|", "35=2|34=8|7=1|16=0|")
        assert back.answers(6) == [
            "35=A|34=5|98=0|108=30|",
            "35=2|34=6|7=5|16=0|",
            fill(1, 2),
            again(2),
            again(3),
            fill(4, 7),
        ]
        back.speaks(own_fill(5, 9), order(9))
        assert back.answers(1) == [echo(9, ours=7)]


def test_an_order_behind_a_gap_is_taken_once_in_its_turn(client: Hostile) -> None:
    client.speaks(order(3), "35=0|34=4|")
    assert client.answers(1) == ["35=2|34=2|7=2|16=0|"]
    client.speaks(own_fill(2, 3), order(5))
    assert client.answers(2) == [echo(3), echo(5, ours=4)]


def test_a_gap_fill_over_a_logon_that_was_early_counts_once(
    gateway: RunningGateway, name: str
) -> None:
    with Hostile(gateway.port, name) as client:
        client.speaks("35=A|34=3|98=0|108=30|")
        assert client.answers(2) == ["35=A|34=1|98=0|108=30|", "35=2|34=2|7=1|16=0|"]
        client.speaks(own_fill(1, 4), order(4))
        assert client.answers(1) == [echo(4, ours=3)]


def test_what_is_new_stays_behind_a_replay_of_everything(client: Hostile) -> None:
    first = range(2, 602)
    client.speaks(*map(order, first))
    assert client.answers(600) == [echo(seq) for seq in first]
    client.speaks("35=2|34=602|7=1|16=0|", *map(order, range(603, 803)))
    assert client.answers(601) == [fill(1, 2), *map(again, first)]
    assert client.answers(200) == [echo(seq, ours=seq - 1) for seq in range(603, 803)]


def test_after_the_end_of_a_day_both_numbers_begin_anew_and_only_then(
    gateway: RunningGateway, shared: Surroundings
) -> None:
    for first in (1, 4):
        with Hostile(gateway.port, "DAILY") as client:
            client.logged_on(f"34={first}|98=0|108=30|")
            assert client.asks(order(first + 1)) == [echo(first + 1)]
            client.speaks(f"35=5|34={first + 2}|")
            assert client.answers(2) == [f"35=5|34={first + 2}|"]
    began = "update fix_session set began_at = began_at - interval '1 day'"
    change(shared.dsn, f"{began} where peer_comp_id = 'DAILY'")
    with Hostile(gateway.port, "DAILY") as client:
        client.logged_on("34=1|98=0|108=30|")
        assert client.asks(order(2)) == [echo(2)]


def test_a_thousand_half_open_connections_are_in_nobodys_way(
    gateway: RunningGateway, client: Hostile
) -> None:
    with ExitStack() as crowd:
        for number in range(1_000):
            half_open = crowd.enter_context(Peer(gateway.port))
            if number % 2:
                half_open.says(b"8=FIX.4.4\x019=100\x0135=A\x01")
        assert client.asks(order(2)) == [echo(2)]
        with Hostile(gateway.port, next(_names)) as newcomer:
            assert newcomer.logged_on().asks(order(2)) == [echo(2)]


def test_who_never_reads_is_disconnected_and_others_do_not_notice(
    shared: Surroundings, tmp_path: Path
) -> None:
    with (
        running_gateway(
            shared,
            tmp_path,
            sessions=session("*"),
            pod="impatient",
            application=lambda *_: EchoApplication(),
            limits=SessionLimits(patience=0.5),
        ) as gateway,
        Hostile(gateway.port, "DEAF", kept=4_096) as deaf,
        Hostile(gateway.port, "OTHER") as other,
    ):
        deaf.logged_on()
        other.logged_on()
        deaf.speaks(*(order(seq, f"58={'x' * 1_000}|") for seq in range(2, 1_002)))
        deaf.speaks("35=2|34=1002|7=1|16=0|")
        wait_until(lambda: len(gateway.gateway.live.all()) == 1, PATIENCE, "the deaf to go")
        assert other.asks(order(2)) == [echo(2)]


def test_with_tls_a_client_is_who_its_certificate_says(
    shared: Surroundings, tmp_path: Path
) -> None:
    server, oms, other = (Identity.made(tmp_path, name) for name in ("server", "oms1", "oms2"))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(oms.certificate.read_bytes() + other.certificate.read_bytes())
    with running_gateway(
        shared,
        tmp_path,
        sessions=session("CERTIFIED", certificates='["oms1"]'),
        pod="encrypted",
        application=lambda *_: EchoApplication(),
        FIX_TLS_CERTIFICATE=str(server.certificate),
        FIX_TLS_KEY=str(server.key),
        FIX_TLS_CLIENT_CA=str(trusted),
    ) as gateway:
        for shown in (other, None):
            with Hostile(gateway.port, "CERTIFIED").begin_tls(server, shows=shown) as client:
                client.speaks("35=A|34=1|98=0|108=30|141=Y|")
                assert client.hears_the_end() == b""
        with Hostile(gateway.port, "CERTIFIED").begin_tls(server, shows=oms) as client:
            assert client.logged_on().asks(order(2)) == [echo(2)]


def test_all_of_them_together_cost_little_memory(shared: Surroundings, tmp_path: Path) -> None:
    gateway = gateway_process(shared, tmp_path, pod="attacked", sessions=session("*"))
    gateway.wait_until_ready()
    before = memory(gateway, "VmRSS")
    with ExitStack() as attackers:

        def attacker(name: str, *, kept: int | None = None) -> Hostile:
            made = attackers.enter_context(Hostile(gateway.port, name, kept=kept))
            return made.logged_on()

        for _ in range(500):
            half_open = attackers.enter_context(Peer(gateway.port))
            half_open.says(b"8=FIX.4.4\x019=16000\x0135=A\x0158=" + b"x" * 15_000)
        for number in range(4):
            unfinished = b"8=FIX.4.4\x019=1048000\x0135=D\x0158=" + b"x" * 1_000_000
            attacker(f"LONG{number}").says(unfinished)
            many = "".join(f"{tag}=x|" for tag in range(10_000, 40_000))
            attacker(f"MANY{number}").asks(order(2, many))
            deaf = attacker(f"DEAF{number}", kept=4_096)
            deaf.speaks(*map(order, range(2, 2_002)))
        assert attacker("CALM").asks(order(2))[0].startswith("35=8|34=2|")
        assert memory(gateway, "VmHWM") - before < 64 * 2**20
    gateway.process.kill()


def memory(gateway: GatewayProcess, kind: str) -> int:
    """Return what the system says of a process, in bytes."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text("ascii")
    found = re.search(rf"{kind}:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1_024
