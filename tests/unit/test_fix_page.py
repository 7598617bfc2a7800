"""What the page on FIX says is so: its conversations are played, its tables are the program's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixengine.counterparty.orders import SYMBOL, read_orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.fix.dictionary import versions
from fixengine.fix.message import Message
from fixengine.fix.tags import REVERSED
from fixengine.trading import codes, tags, unserved
from fixengine.trading.echo import ECHOED
from fixengine.trading.objections import Why
from tests.support.documents import blocks, page
from tests.support.fix.foreign import SETTINGS, TLS_SETTINGS, Maker
from tests.support.fix.market import Market

FIX42, FIX44 = (versions()[each] for each in (b"FIX.4.2", b"FIX.4.4"))
_OF_ALL = {34, 49, 52, 56}
_FILLS = re.compile(r"# the engine fills (\d+) of (\w+) at ([\d.]+)")
_NAME = re.compile(r"\b([A-Z][A-Za-z0-9]+)\((\w+)\)")
CONVERSATIONS = blocks(page("fix"), "fix")


def written(message: Message) -> str:
    return "".join(
        f"{tag}={value.decode()}|" for tag, value in message.fields if tag not in _OF_ALL
    )


def played(conversation: str) -> str:
    """Return a conversation with what the gateway really says."""
    market, lines = Market(), []
    for line in conversation.splitlines():
        if line.startswith("< "):
            continue
        lines.append(line)
        if line.startswith("> "):
            market.says(line.removeprefix("> "))
        elif found := _FILLS.fullmatch(line):
            market.fills(found[2], found[1], found[3])
            market.hears()
        elif line == "# the engine decides":
            market.decides()
            market.hears()
        else:
            raise AssertionError(line)
        lines += (f"< {written(each)}" for each in market.last)
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_a_conversation_goes_as_the_page_says(conversation: str) -> None:
    assert played(conversation) == conversation


def test_there_are_conversations() -> None:
    assert len(CONVERSATIONS) >= 4


def rows(header: str) -> list[list[str]]:
    """Return the cells of a table, without their marks of code."""
    _, _, rest = page("fix").partition(f"| {header} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines
    ]


def test_fields_that_are_refused_are_those_that_the_program_refuses() -> None:
    named = {int(tag) for row in rows("refused field") for tag in re.findall(r"\((\d+)\)", row[0])}
    served = {tag for tag in unserved.HARMLESS if tag in FIX44.fields}
    names = {tag: FIX44.fields[tag].name for tag in served}
    assert {tag: names.get(tag) for tag in named} == names


def test_reasons_of_refusals_are_explained() -> None:
    of_order = {row[0] for row in rows("OrdRejReason(103)")}
    of_request = {row[0] for row in rows("CxlRejReason(102)")}
    assert of_order == {why.of_order.decode() for why in Why}
    assert of_request == {why.of_request.decode() for why in Why}


def test_types_of_reports_are_explained() -> None:
    types = {row[0]: row[1] for row in rows("ExecType(150)")}
    told = {
        value.decode()
        for kind in (codes.OrdStatus, codes.ExecType)
        for name, value in vars(kind).items()
        if name.isupper() and value in FIX44.fields[150].codes
    }
    assert types.keys() == told
    names = {code.decode(): name for code, name in FIX44.fields[150].codes.items()}
    assert types == {code: names[code] for code in types}


def test_states_of_orders_are_explained() -> None:
    states = {row[0]: row[1] for row in rows("OrdStatus(39)")}
    told = {value for name, value in vars(codes.OrdStatus).items() if name.isupper()}
    names = {**FIX42.fields[tags.ORD_STATUS].codes, **FIX44.fields[tags.ORD_STATUS].codes}
    assert states == {code.decode(): names[code] for code in told}


def test_fields_and_messages_have_the_names_of_the_standard() -> None:
    names = {
        *((field.name, str(tag)) for each in (FIX42, FIX44) for tag, field in each.fields.items()),
        *((name, kind.decode()) for kind, name in FIX44.types.items()),
    }
    assert {*_NAME.findall(page("fix"))} - names == set()


def test_each_field_that_orders_and_reports_have_is_explained() -> None:
    explained = {number for _, number in _NAME.findall(page("fix"))}
    assert {str(tag) for tag in vars(tags).values() if isinstance(tag, int)} - explained == set()


def test_messages_that_are_taken_are_explained() -> None:
    taken = {codes.NEW_ORDER, codes.CANCEL_REQUEST, codes.REPLACE_REQUEST}
    taken |= {codes.STATUS_REQUEST, codes.MASS_STATUS_REQUEST}
    assert {row[1]: row[0] for row in rows("from the client | type | answered by")} == {
        kind.decode(): FIX44.types[kind] for kind in taken
    }


def tour() -> Iterator[Message]:
    """Yield what a client is told to whom all happens that can happen."""
    market = Market()
    for step in (
        lambda: market.says(market.order("A", 100, "1=X|40=2|44=10|59=6|126=20260401-00:00:00|")),
        lambda: market.fills("A", 10),
        lambda: market.operator("A", 90),
        lambda: market.says(market.replace("B", "A", 80)),
        market.decides,
        lambda: market.says(market.status("B", "790=S|"), "35=AF|584=M|585=7|"),
        lambda: market.says(market.cancel("C", "Z"), "35=AF|584=M|585=2|", "35=R|131=Q|55=IBM|"),
        lambda: market.says(market.order("D", 1, "48=X|22=4|44=10|1=X|59=1|")),
        lambda: market.says(market.order("E", "1.123456789")),
    ):
        market.last = ()
        step()
        yield from market.last
        market.hears()
        yield from market.last


def test_fields_of_messages_that_are_sent_are_explained() -> None:
    sent: dict[str, set[int]] = {}
    for message in tour():
        fields = sent.setdefault(message.kind.decode(), set())
        fields |= {tag for tag, _ in message.fields} - _OF_ALL - {35} - REVERSED.keys()
    sent["8"] |= ECHOED
    explained = {
        row[1]: {int(tag) for _, tag in _NAME.findall(row[2])}
        for row in rows("from the gateway | type | fields")
    }
    assert explained.keys() == sent.keys()
    explained["8"] = {
        int(tag) for row in rows("field | what it says") for _, tag in _NAME.findall(row[0])
    }
    _, _, of_refusals = page("fix").partition("An OrderCancelReject has ")
    explained["9"] = {int(tag) for _, tag in _NAME.findall(of_refusals.partition("\n\n")[0])}
    assert explained == sent


@pytest.mark.parametrize("maker", Maker)
def test_settings_of_a_client_are_those_that_tests_use(maker: Maker) -> None:
    _, _, rest = page("fix").partition(f"### {maker.value}\n")
    usual, with_tls = (
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in blocks(rest, "ini")[:2]
    )
    assert usual.items() >= SETTINGS[maker].items()
    assert with_tls == TLS_SETTINGS[maker]


def test_orders_of_the_page_can_be_sent(tmp_path: Path) -> None:
    (text,) = blocks(page("fix"), "text")
    orders = read_orders(text.encode().splitlines(), FIX44)
    assert len(orders) == len(text.splitlines())
    tickers = {listing.ticker.encode() for listing in priced_listings()}
    assert {dict(order)[SYMBOL] for order in orders} <= tickers, "of what can be tried out"
