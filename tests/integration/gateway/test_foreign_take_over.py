"""Foreign clients trade by TLS while gateway and engine are killed, and are told everything."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from fixengine.fix.message import Message
from tests.support.engines import Surroundings
from tests.support.fix.book import Book, Content
from tests.support.fix.foreign import Fields, Foreign, Maker, foreign
from tests.support.fix.ledger import ledger_of, numbers_of
from tests.support.fix.verdict import verdict
from tests.support.gateways import GatewayProcess, gateway_process, session
from tests.support.network.certificates import Identity
from tests.support.network.proxy import Flow, Proxy

pytestmark = pytest.mark.any_broker

TICKER, UNPRICED = priced_listings()[0].ticker, "NOPRC"
_ids = count(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateways")


@pytest.fixture(scope="module")
def identity(folder: Path) -> Identity:
    return Identity.made(folder, "gateway.example.com")


@pytest.fixture(scope="module")
def stranger(folder: Path) -> Identity:
    return Identity.made(folder, "stranger.example.com")


@pytest.fixture(scope="module")
def engine(shared: Surroundings) -> Iterator[Engine]:
    """Lend an engine, to be killed."""
    settings = shared.environment()
    process = shared.workspace.child(
        "engine-of-foreign-clients",
        [sys.executable, "-m", "fixengine", "serve"],
        environment={**surroundings(), **settings},
    )
    engine = Engine(
        process=process,
        http_port=int(settings["HTTP_PORT"]),
        health_port=int(settings["HEALTH_PORT"]),
    )
    engine.start(ready_within=None)
    yield engine
    engine.kill()
    engine.close()


@pytest.fixture(scope="module")
def pair(
    shared: Surroundings, folder: Path, identity: Identity
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Lend two gateways that speak TLS."""
    with ExitStack() as ends:
        made = [
            gateway_process(
                shared,
                folder,
                pod=pod,
                sessions=session("*"),
                FIX_TLS_CERTIFICATE=str(identity.certificate),
                FIX_TLS_KEY=str(identity.key),
            )
            for pod in ("first", "second")
        ]
        for each in made:
            ends.callback(each.process.kill)
        yield made[0], made[1]


@pytest.fixture
def gateways(
    pair: tuple[GatewayProcess, GatewayProcess],
) -> tuple[GatewayProcess, GatewayProcess]:
    """Lend both, which run."""
    for each in pair:
        each.process.start()
        each.wait_until_ready()
    return pair


@pytest.fixture
def line(gateways: tuple[GatewayProcess, GatewayProcess], shared: Surroundings) -> Iterator[Proxy]:
    """Lend the address of both, which leads to the first one."""
    proxy = Proxy(port=shared.workspace.reserve_port(), target=gateways[0].port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(params=Maker, ids=lambda maker: maker.name)
def client(
    request: pytest.FixtureRequest, line: Proxy, identity: Identity, tmp_path: Path
) -> Iterator[Foreign]:
    """Lend a client that is logged on."""
    with foreign(
        request.param,
        tmp_path,
        port=line.port,
        sender=request.param.name,
        trusted=identity.certificate,
    ) as client:
        yield client.logged_on()


def trade(client: Foreign, rounds: int) -> None:
    """Send orders that are filled, and others that are replaced and cancelled."""
    for _ in range(rounds):
        filled, order, replaced, cancelled = (f"A{next(_ids)}" for _ in range(4))
        client.order(filled, TICKER, 300)
        client.order(order, UNPRICED, 300)
        client.replace(replaced, order, UNPRICED, 400)
        client.cancel(cancelled, order, UNPRICED)


def in_order(fields: Content) -> Content:
    """Return them as a client's library may leave them: in the order of their tags."""
    kind, *others = fields
    return kind, *sorted(others)


def problems(client: Foreign, dsn: str) -> list[str]:
    """Judge what it was told, message by message."""

    def message(fields: Fields) -> Message:
        written = tuple((tag, value.encode()) for tag, value in fields.items() if tag != 35)
        return Message(in_order(((35, fields[35].encode()), *written)), None, 0)

    book = Book(asked=client.asked)
    for each in client.book.messages:
        book.take(message(each))
    ledger = ledger_of(dsn, client.peer)
    sent = {seq: in_order(fields) for seq, fields in ledger.sent.items()}
    return [*verdict(book, replace(ledger, sent=sent))]


def wait_until_settled(client: Foreign, dsn: str) -> None:
    def is_settled() -> bool:
        (next_in, next_out), unsettled = numbers_of(dsn, client.peer)
        book = client.book
        return unsettled == 0 and (book.next_in, book.next_out) == (next_out, next_in)

    wait_until(is_settled, 60, "the client to be told everything")


@pytest.mark.parametrize("maker", Maker, ids=lambda maker: maker.name)
def test_it_does_not_log_on_where_it_does_not_trust_the_certificate(
    maker: Maker, line: Proxy, stranger: Identity, tmp_path: Path
) -> None:
    with foreign(
        maker, tmp_path, port=line.port, sender="WARY", trusted=stranger.certificate
    ) as client:
        wait_until(
            lambda: line.passed_on > 1 or client.book.logons, 60, "the client to come once more"
        )
        assert client.book.logons == 0


def test_it_misses_nothing_when_gateway_and_engine_are_killed_while_it_trades(
    client: Foreign,
    gateways: tuple[GatewayProcess, GatewayProcess],
    engine: Engine,
    line: Proxy,
    shared: Surroundings,
) -> None:
    killed, successor = gateways
    trade(client, 3)
    wait_until_settled(client, shared.dsn)  # else what is on its way could be taken for lost
    line.lead_to(successor.port)
    line.set(Flow.MUTE)  # what the gateway says from now on is lost
    told = client.book.next_in
    trade(client, 3)
    wait_until(
        lambda: numbers_of(shared.dsn, client.peer)[0].next_out > told,
        60,
        "something to be said in vain",
    )
    killed.process.kill()
    engine.kill()
    trade(client, 3)  # which it sends when it is back
    engine.start(ready_within=None)
    line.set(Flow.OPEN)
    client.logged_on(2)
    trade(client, 3)
    wait_until_settled(client, shared.dsn)
    assert problems(client, shared.dsn) == []
    assert any(each.get(43) == "Y" for each in client.book.messages), "it asked for what it missed"
