"""Clients that others made trade with the gateway, lose their connection, and miss nothing."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from fixengine.config.passwords import hash_password
from fixengine.demo.feed.universe import priced_listings
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.foreign import Book, Fields, Foreign, Maker, content, foreign
from tests.support.gateways import RunningGateway, running_gateway, session
from tests.support.network.proxy import Flow, Proxy
from tests.support.rows import one

pytestmark = pytest.mark.any_broker

TICKER, UNPRICED = priced_listings()[0].ticker, "NOPRC"
NEW, FILLED, CANCELLED, REPLACED, REJECTED, FILL = "0", "2", "4", "5", "8", "F"
FILLS = {FILL, "1", "2"}  # in FIX 4.4, and in FIX 4.2
PASSWORD = "hunter2"
_ids = count(1)


@pytest.fixture(scope="module")
def gateway(
    shared: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """Lend a gateway that anybody with the password may use, and an engine beside it."""
    password = f'"{hash_password(PASSWORD.encode())}"'
    sessions = session("*", password=password) + session(
        "*", password=password, version='"FIX.4.2"'
    )
    with (
        shared.engine() as engine,
        running_gateway(shared, tmp_path_factory.mktemp("gateway"), sessions=sessions) as gateway,
    ):
        wait_until_ready(engine)
        yield gateway


@pytest.fixture(scope="module")
def line(gateway: RunningGateway, shared: Surroundings) -> Iterator[Proxy]:
    """Lend the line between clients and the gateway."""
    proxy = Proxy(port=shared.workspace.reserve_port(), target=gateway.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module", params=Maker, ids=lambda maker: maker.name)
def client(
    request: pytest.FixtureRequest, line: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Foreign]:
    """Lend a client that is logged on."""
    folder = tmp_path_factory.mktemp("client")
    name = request.param.name
    with foreign(request.param, folder, port=line.port, sender=name, password=PASSWORD) as client:
        yield client.logged_on()


@pytest.fixture(params=Maker, ids=lambda maker: maker.name)
def old_client(request: pytest.FixtureRequest, line: Proxy, tmp_path: Path) -> Iterator[Foreign]:
    """Lend a client that speaks FIX 4.2 and is logged on."""
    with foreign(
        request.param,
        tmp_path,
        port=line.port,
        sender=request.param.name,
        begin="FIX.4.2",
        password=PASSWORD,
    ) as client:
        yield client.logged_on()


def new_id() -> str:
    return f"A{next(_ids)}"


def becomes(client: Foreign, cl_ord_id: str, status: str) -> Book:
    return client.until(lambda book: book.states.get(cl_ord_id) == status, f"{cl_ord_id}: {status}")


def answered(client: Foreign, tag: int, name: str) -> Fields:
    """Wait for the message that has this name in a field, and return it."""
    book = client.until(
        lambda book: any(each.get(tag) == name for each in book.messages), f"an answer to {name}"
    )
    return next(each for each in book.messages if each.get(tag) == name)


def types(book: Book, *cl_ord_ids: str) -> list[str]:
    """Return the types of events that a client was told of orders."""
    return [each[150] for each in book.reports if each[11] in cl_ord_ids]


def agree(book: Book, world: Surroundings) -> None:
    """Assert that a book has each event once, without a gap, and is as the ledger."""
    assert len(book.exec_ids) == len(set(book.exec_ids))
    numbers = [int(each[34]) for each in book.told]
    assert numbers == sorted(numbers)
    filled = {each[37]: Decimal(0) for each in book.reports if each[150] != REJECTED}
    for each in book.reports:
        if each[150] in FILLS:
            filled[each[37]] += Decimal(each[32])
    ledger = one(world.dsn, "select jsonb_object_agg(id, quantity_filled::text) from execution")
    assert filled == {id_: Decimal(ledger[id_]) for id_ in filled}


def test_its_orders_are_filled_and_every_fill_is_told(
    client: Foreign, shared: Surroundings
) -> None:
    order = new_id()
    client.order(order, TICKER, 1000)
    book = becomes(client, order, FILLED)
    assert types(book, order)[0] == NEW
    assert set(types(book, order)[1:]) == {FILL}
    assert sum(int(each.get(32, 0)) for each in book.reports if each[11] == order) == 1000
    agree(book, shared)


def test_it_cancels_and_replaces(client: Foreign, shared: Surroundings) -> None:
    order, replaced, cancelled = new_id(), new_id(), new_id()
    client.order(order, UNPRICED, 300)
    becomes(client, order, NEW)
    client.replace(replaced, order, UNPRICED, 400)
    book = becomes(client, replaced, NEW)
    assert book.reports[-1][38] == "400"
    client.cancel(cancelled, replaced, UNPRICED)
    book = becomes(client, cancelled, CANCELLED)
    assert types(book, order, replaced, cancelled) == [NEW, "E", REPLACED, "6", CANCELLED]
    agree(book, shared)


def test_what_can_not_be_done_is_refused(client: Foreign) -> None:
    unknown, order, late = new_id(), new_id(), new_id()
    client.order(unknown, "NO-SUCH", 10)
    becomes(client, unknown, REJECTED)
    client.order(order, TICKER, 10)
    becomes(client, order, FILLED)
    client.cancel(late, order, TICKER)
    refusal = answered(client, 11, late)
    assert (refusal[35], refusal[41]) == ("9", order)


def test_it_is_told_that_nothing_is_open_or_known(client: Foreign) -> None:
    asked, unknown = new_id(), new_id()
    client.send("AF", t584=asked, t585="7")
    client.send("H", t11=unknown, t54="1", t55=TICKER)
    nothing, none = answered(client, 584, asked), answered(client, 11, unknown)
    assert (nothing[35], nothing[584], nothing[911], nothing[912]) == ("8", asked, "0", "Y")
    assert (none[35], none[37], none[39]) == ("8", "NONE", REJECTED)


def test_it_misses_nothing_while_its_connection_is_lost(
    client: Foreign, line: Proxy, shared: Surroundings
) -> None:
    orders = [new_id() for _ in range(5)]
    for order in orders:
        client.order(order, TICKER, 200)
    logons = client.book.logons
    line.set(Flow.CUT)
    client.until(lambda book: not book.is_logged_on, "the loss")
    late = new_id()
    client.order(late, TICKER, 200)  # which it sends when it is back
    line.set(Flow.OPEN)
    client.logged_on(logons + 1)
    for order in (*orders, late):
        book = becomes(client, order, FILLED)
    agree(book, shared)
    assert all(types(book, order).count(NEW) == 1 for order in (*orders, late))


def test_it_asks_for_everything_again_and_is_told_the_same(client: Foreign) -> None:
    order = new_id()
    client.order(order, TICKER, 500)
    before = becomes(client, order, FILLED)
    client.ask_again()
    told = before.told
    book = client.until(lambda book: len(book.again) >= len(told), "everything that was told")
    assert [content(each) for each in book.again] == [content(each) for each in told]
    assert [each[34] for each in book.again] == [each[34] for each in told]
    assert all(each[43] == "Y" for each in book.again)


def test_in_fix_4_2_it_trades_cancels_and_replaces(
    old_client: Foreign, shared: Surroundings
) -> None:
    filled, order, replaced, cancelled, unknown = (new_id() for _ in range(5))
    old_client.order(filled, TICKER, 1000)
    book = becomes(old_client, filled, FILLED)
    partial_fills = types(book, filled)[1:-1]
    assert types(book, filled) == [NEW, *("1" for _ in partial_fills), "2"]
    old_client.order(order, UNPRICED, 300)
    becomes(old_client, order, NEW)
    old_client.replace(replaced, order, UNPRICED, 400)
    becomes(old_client, replaced, REPLACED)
    old_client.cancel(cancelled, replaced, UNPRICED)
    book = becomes(old_client, cancelled, CANCELLED)
    assert types(book, order, replaced, cancelled) == [NEW, "E", REPLACED, "6", CANCELLED]
    old_client.order(unknown, "NO-SUCH", 10)
    becomes(old_client, unknown, REJECTED)
    agree(old_client.book, shared)
