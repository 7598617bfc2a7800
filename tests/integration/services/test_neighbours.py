"""The HTTP clients against servers that behave, and servers that don't."""

import json
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from fixengine.demo.feed.universe import UNPRICEABLE, all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.neighbours.stub import Mode
from fixengine.demo.workspace import Workspace
from fixengine.errors import UnavailableError
from fixengine.infra.services.http_client import OF_ALL, JsonService
from fixengine.infra.services.neighbours import PRICE_DEADLINE, PricingClient, SecurityClient
from fixengine.telemetry.calls import Place, at
from fixengine.telemetry.spans import By, Context, Span
from tests.support.log import heard
from tests.support.stubs import running

LISTINGS = all_listings()


@pytest.fixture
def securities(workspace: Workspace) -> Iterator[SecurityService]:
    with running(SecurityService(port=workspace.reserve_port(), listings=LISTINGS)) as service:
        yield service


@pytest.fixture
def prices(workspace: Workspace) -> Iterator[PricingService]:
    with running(PricingService(port=workspace.reserve_port(), listings=LISTINGS)) as service:
        yield service


@contextmanager
def raw_server(answer: Callable[[socket.socket, Event], None]) -> Iterator[str]:
    """Serve one connection with bytes of the test's own."""
    stopping = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                answer(connection, stopping)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopping.set()
            thread.join(60)


def drip(text: bytes) -> Callable[[socket.socket, Event], None]:
    def answer(connection: socket.socket, stopping: Event) -> None:
        for number in range(len(text)):
            try:
                connection.sendall(text[number : number + 1])
            except OSError:
                return  # the client has had enough
            if stopping.wait(0.2):
                return

    return answer


def reply(head: bytes, body: bytes = b"") -> Callable[[socket.socket, Event], None]:
    return lambda connection, _stopping: connection.sendall(head + body)


def told(line: Any) -> tuple[str, int, str]:
    """Return what a line says of entries that can't be used."""
    more = line.record["extra"]
    return more["service"], more["times"], more["example"]


def price_from(url: str) -> Decimal | None:
    client = PricingClient(url=url)
    try:
        return client.price("A")
    finally:
        client.close()


def test_tickers_one_and_all(securities: SecurityService) -> None:
    client = SecurityClient(url=securities.url)
    some = LISTINGS[:3]
    assert [client.ticker(listing.security_id) for listing in some] == [x.ticker for x in some]
    assert client.ticker("f" * 24) is None
    everything = client.all_tickers()
    assert len(everything) == len(LISTINGS)
    assert everything[some[0].security_id] == some[0].ticker
    client.close()


def test_prices_one_and_all(prices: PricingService) -> None:
    client = PricingClient(url=prices.url)
    price = client.price("BRK.B")
    assert price is not None
    assert price > 0
    assert client.price("NOPRC") is None
    assert client.price("A/../B?x=%2F") is None
    everything = client.all_prices()
    assert len(everything) == len(LISTINGS) - len(UNPRICEABLE)
    assert all(isinstance(price, Decimal) and price > 0 for price in everything.values())
    client.close()


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.GARBAGE, Mode.HANG])
def test_a_service_that_fails_is_unavailable_in_time(prices: PricingService, mode: Mode) -> None:
    prices.mode = mode
    client = PricingClient(url=prices.url)
    began = monotonic()
    for ask in (lambda: client.price("A"), client.all_prices):
        with pytest.raises(UnavailableError):
            ask()
    assert monotonic() - began < 2 * PRICE_DEADLINE + 30
    prices.mode = Mode.NORMAL
    assert client.price("A") is not None
    client.close()


def test_a_service_that_is_gone_is_unavailable(prices: PricingService) -> None:
    prices.stop()
    with pytest.raises(UnavailableError, match="pricing-service"):
        price_from(prices.url)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1"])
def test_a_service_that_does_not_run_is_told_with_its_address(address: str) -> None:
    with pytest.raises(UnavailableError, match=rf"A: {re.escape(address)}: "):
        price_from(f"http://{address}")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "text", [HEAD + b"X-Slow: " + b"x" * 200, HEAD + b"Content-Length: 200\r\n\r\n" + b" " * 200]
)
def test_an_answer_that_drips_is_given_up_at_the_deadline(text: bytes) -> None:
    began = monotonic()
    with raw_server(drip(text)) as url, pytest.raises(UnavailableError):
        price_from(url)
    assert monotonic() - began < PRICE_DEADLINE + 30


def test_a_body_without_end_is_given_up() -> None:
    def answer(connection: socket.socket, stopping: Event) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        while not stopping.is_set():
            try:
                connection.sendall(chunk)
            except OSError:
                return

    with raw_server(answer) as url, pytest.raises(UnavailableError):
        price_from(url)


def test_the_answer_for_one_may_not_be_as_large_as_that_for_all() -> None:
    """Many of them are asked for at a time, and have to find room in the pod together."""
    body = b'[{"ticker":"A","close":43.25}' + b" " * 2**17 + b"]"
    answer = reply(HEAD + b"Content-Length: %d\r\n\r\n" % len(body), body)
    with raw_server(answer) as url:
        assert PricingClient(url=url).all_prices() == {"A": Decimal("43.25")}
    with raw_server(answer) as url, pytest.raises(UnavailableError, match="with too much"):
        price_from(url)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ticker":"A","close":0}',
        b'{"ticker":"A","close":-1.5}',
        b'{"ticker":"A","close":0.00009}',
        b'{"ticker":"A","close":10000000000}',
        b'{"ticker":"A","close":"NaN"}',
        b'{"ticker":"A","close":null}',
        b'{"ticker":"A"}',
        b"[]",
        b"\xff",
    ],
)
def test_a_price_that_cannot_be_used_is_no_price(body: bytes) -> None:
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    with raw_server(reply(head, body)) as url, pytest.raises(UnavailableError):
        price_from(url)


def test_a_price_is_exact_to_eight_places() -> None:
    body = b'{"ticker":"A","close":43.123456785,"more":[1]}'
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    with raw_server(reply(head, body)) as url:
        assert price_from(url) == Decimal("43.12345679")


def listed(body: bytes) -> Callable[[socket.socket, Event], None]:
    return reply(HEAD + b"Content-Length: %d\r\n\r\n" % len(body), body)


def test_one_bad_price_spoils_no_other_and_is_told() -> None:
    body = b'[{"ticker":"A","close":1.5},{"ticker":"B","close":null},7,{"ticker":"C","close":2}]'
    with raw_server(listed(body)) as url, heard("WARNING", told) as said:
        client = PricingClient(url=url)
        assert client.all_prices() == {"A": Decimal("1.5"), "C": Decimal(2)}
        client.close()
    assert said == [("pricing-service", 2, """'{"ticker":"B","close":null}'""")]


class OtherWords(SecurityService):
    """Answers 404 in words of its own, and so for all single ones where it is `blind`."""

    blind = False
    listed: Sequence[object] = ()

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        name, status, body = super().route(path)
        if name == "security" and (self.blind or status is HTTPStatus.NOT_FOUND):
            return "elsewhere", HTTPStatus.NOT_FOUND, {"detail": "Not Found"}
        if name == "securities" and self.listed:
            return name, status, self.listed
        return name, status, body


@pytest.fixture
def other_words(workspace: Workspace) -> Iterator[OtherWords]:
    service = OtherWords(port=workspace.reserve_port(), listings=LISTINGS)
    service.start()
    yield service
    service.stop()


def test_a_404_in_any_words_is_believed_when_the_list_lacks_the_security(
    other_words: OtherWords,
) -> None:
    client = SecurityClient(url=other_words.url)
    assert client.ticker("f" * 24) is None
    assert client.ticker(LISTINGS[0].security_id) == LISTINGS[0].ticker
    other_words.blind = True
    assert client.ticker(LISTINGS[0].security_id) == LISTINGS[0].ticker
    other_words.mode = Mode.ERROR
    with pytest.raises(UnavailableError):
        client.ticker("f" * 24)
    client.close()


def test_calls_at_the_same_time_look_into_one_list(other_words: OtherWords) -> None:
    other_words.latency_seconds = 0.3
    client = SecurityClient(url=other_words.url)
    unknown = [f"{number:024x}" for number in range(8)]
    with ThreadPoolExecutor(len(unknown)) as callers:
        assert [*callers.map(client.ticker, unknown)] == [None] * len(unknown)
    assert other_words.calls["securities"] < len(unknown)
    client.close()


GOOD = {"securityId": "A" * 24, "ticker": "A"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"securityId": "b" * 24, "ticker": None},
        {"securityId": "b" * 24},
        {"securityId": "b" * 24, "ticker": 7},
        {"securityId": "b" * 24, "ticker": "\u200b"},
        {"securityId": "a" * 24, "ticker": None},
        {"securityId": "a" * 24, "ticker": "ANOTHER"},
        {"securityId": None, "ticker": "B"},
        {"securityId": 7, "ticker": "B"},
        {"securityId": "b" * 23, "ticker": "B"},
        {"securityId": "b" * 24 + "\n", "ticker": "B"},
        {},
        [],
        None,
    ],
    ids=json.dumps,
)
def test_a_wrong_security_spoils_no_other_and_is_told(wrong: object) -> None:
    body = json.dumps([GOOD, wrong, {"securityId": "c" * 24, "ticker": "C"}]).encode()
    with raw_server(listed(body)) as url, heard("WARNING", told) as said:
        client = SecurityClient(url=url)
        assert client.all_tickers() == {"a" * 24: "A", "c" * 24: "C"}
        client.close()
    ((service, times, example),) = said
    assert (service, times) == ("security-service", 1)
    assert example.strip("'")[:50] in ascii(json.dumps(wrong))


def test_a_security_that_is_listed_twice_has_the_ticker_that_can_be_used() -> None:
    body = json.dumps([{**GOOD, "ticker": None}, GOOD, GOOD]).encode()
    with raw_server(listed(body)) as url:
        assert SecurityClient(url=url).all_tickers() == {"a" * 24: "A"}


def test_a_list_of_which_nothing_can_be_used_takes_the_place_of_no_other() -> None:
    with (
        raw_server(listed(b"[{},7]")) as url,
        pytest.raises(UnavailableError, match=r"as in '\{\}'"),
    ):
        SecurityClient(url=url).all_tickers()
    with raw_server(listed(b"[]")) as url:
        assert SecurityClient(url=url).all_tickers() == {}


def test_ids_of_securities_come_in_any_case(workspace: Workspace) -> None:
    loud = [replace(each, security_id=each.security_id.upper()) for each in LISTINGS]
    service = SecurityService(port=workspace.reserve_port(), listings=loud)
    service.start()
    client = SecurityClient(url=service.url)
    assert client.all_tickers().keys() == {each.security_id for each in LISTINGS}
    client.close()
    service.stop()


@pytest.mark.parametrize("ticker", ["", " ", "\u00a0", "\u200b"])
def test_a_ticker_that_shows_nothing_is_none(ticker: str) -> None:
    body = json.dumps({"securityId": "f" * 24, "ticker": ticker}).encode()
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    with raw_server(reply(head, body)) as url, pytest.raises(UnavailableError, match="unusable"):
        SecurityClient(url=url).ticker("f" * 24)


def test_a_security_whose_entry_is_wrong_is_not_unknown(other_words: OtherWords) -> None:
    """An order for it waits, and is no dead letter."""
    other_words.blind = True
    other_words.listed = [{"securityId": "f" * 24, "ticker": None}, GOOD]
    client = SecurityClient(url=other_words.url)
    with pytest.raises(UnavailableError, match="unusable"):
        client.ticker("f" * 24)
    client.close()


def test_a_404_from_somewhere_between_does_not_make_a_security_unknown() -> None:
    body = b"<html>default backend - 404</html>"
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)
    with raw_server(reply(head, body)) as url:
        client = SecurityClient(url=url)
        with pytest.raises(UnavailableError):
            client.ticker("f" * 24)


def test_a_call_that_is_made_for_something_traced_has_a_span_and_tells_the_service(
    prices: PricingService,
) -> None:
    """It says of the call what OpenTelemetry's instrumentation says."""
    made: list[Span] = []
    here = Context(trace_id=bytes(range(16)), span_id=bytes(range(8)), sampled=True)
    client = JsonService(name="pricing-service", url=prices.url, deadline=60)
    with at(Place(context=here, export=made.append)):
        client.get("/api/v1/prices", list, most=OF_ALL)
        assert client.get("/nothing", dict) is None
    client.get("/api/v1/prices", list, most=OF_ALL)
    good, absent = made
    assert list(good.attributes.items()) == [
        ("http.method", "GET"),
        ("http.url", f"{prices.url}/api/v1/prices"),
        ("http.status_code", 200),
    ]
    assert (good.by, good.name, good.parent, good.error) == (By.URLLIB3, "GET", here, None)
    assert (absent.attributes["http.status_code"], absent.error) == (404, "")
    assert [*prices.traceparents] == [str(good.context), str(absent.context)]


def test_a_call_that_nobody_answers_has_a_span_that_says_why(workspace: Workspace) -> None:
    made: list[Span] = []
    here = Context(trace_id=bytes(range(16)), span_id=bytes(range(8)), sampled=True)
    nobody = f"http://127.0.0.1:{workspace.reserve_port()}"
    with (
        at(Place(context=here, export=made.append)),
        pytest.raises(UnavailableError, match="refused"),
    ):
        JsonService(name="pricing-service", url=nobody, deadline=60).get("/x", dict)
    (span,) = made
    assert span.thrown is not None
    assert span.thrown.kind == "urllib3.exceptions.NewConnectionError"
    assert span.error == f"NewConnectionError: {span.thrown.words}"
    assert "http.status_code" not in span.attributes
