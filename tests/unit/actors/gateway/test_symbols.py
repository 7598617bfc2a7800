"""The list of securities: read, kept, and read anew when something is missing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.gateway.symbols import READ_AT_MOST_EVERY, SymbolBoard, Symbols
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ask
from fixengine.telemetry.health import GATEWAY_NEEDS, Health
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from tests.support.clocks import Clock
from tests.support.no_tree import NoTree


class Service:
    """security-service, which may be away."""

    def __init__(self, tickers: Mapping[str, str]) -> None:
        self.tickers: Mapping[str, str] | None = tickers
        self.asked = 0

    def ticker(self, security_id: str) -> str | None:
        raise AssertionError(f"nobody asks for one: {security_id}")

    def all_tickers(self) -> Mapping[str, str]:
        self.asked += 1
        if self.tickers is None:
            raise UnavailableError("security-service is away")
        return self.tickers


@contextmanager
def reading(service: Service, board: SymbolBoard) -> Iterator[Health]:
    """Run the actor; lend the board of what works."""
    metrics = GatewayMetrics(CollectorRegistry())
    health = Health(gauge=metrics.up, tree=NoTree(), needs=GATEWAY_NEEDS)
    ref = Symbols.start(service=service, board=board, health=health, metrics=metrics)
    try:
        ask(ref, Boot(), timeout=60)
        yield health
    finally:
        ref.stop(timeout=60)


def finds(board: SymbolBoard, ticker: str) -> bool:
    try:
        return board.security_id(ticker) is not None
    except UnavailableError:
        return False


def test_a_ticker_is_found_by_its_security_and_the_other_way_round() -> None:
    board = SymbolBoard()
    board.put({"a1": "IBM"}, read_at=0)
    assert (board.ticker("a1"), board.security_id("IBM")) == ("IBM", "a1")


def test_of_two_securities_with_one_ticker_the_lower_id_is_meant() -> None:
    board = SymbolBoard()
    board.put({"b": "IBM", "a": "IBM", "c": "IBM"}, read_at=0)
    assert board.security_id("IBM") == "a"


def test_what_a_fresh_list_has_not_is_unknown() -> None:
    clock = Clock()
    board = SymbolBoard(clock=clock)
    board.put({"a1": "IBM"}, read_at=clock.now)
    clock.now += READ_AT_MOST_EVERY
    assert board.security_id("MSFT") is None


def test_what_an_old_list_has_not_is_looked_for_in_a_new_one() -> None:
    clock, missed = Clock(), []
    board = SymbolBoard(clock=clock)
    board.when_missed(lambda: missed.append(True))
    board.put({"a1": "IBM"}, read_at=clock.now)
    clock.now += READ_AT_MOST_EVERY + 0.1
    with pytest.raises(UnavailableError, match="security-service"):
        board.security_id("MSFT")
    assert missed
    board.still_holds(clock.now)
    assert board.security_id("MSFT") is None


def test_without_a_list_nothing_is_unknown() -> None:
    board = SymbolBoard()
    board.still_holds(0)
    with pytest.raises(UnavailableError):
        board.ticker("a1")


def test_the_list_is_read_at_the_start() -> None:
    board = SymbolBoard()
    with reading(Service({"a1": "IBM"}), board) as health:
        wait_until(lambda: finds(board, "IBM"), 60, "the list")
        wait_until(lambda: health.ready().body["parts"]["symbols"]["up"], 60, "the part")  # type: ignore[index]  # a body is any JSON


def test_a_list_that_can_not_be_read_is_tried_again_and_said() -> None:
    board, service = SymbolBoard(), Service({"a1": "IBM"})
    service.tickers = None
    with reading(service, board) as health:
        wait_until(lambda: service.asked, 60, "a try")
        parts = health.ready().body["parts"]
        assert isinstance(parts, dict)
        assert not parts["symbols"]["up"]
        service.tickers = {"a1": "IBM"}
        wait_until(lambda: finds(board, "IBM"), 60, "the list")


def test_the_last_list_is_kept_while_the_service_is_away_and_what_it_has_not_is_unknown() -> None:
    clock = Clock(now=1e12)  # far later than any reading
    board, service = SymbolBoard(clock=clock), Service({"a1": "IBM"})
    with reading(service, board):
        wait_until(lambda: finds(board, "IBM"), 60, "the list")
        service.tickers = None
        assert board.security_id("IBM") == "a1"
        with pytest.raises(UnavailableError):
            board.security_id("MSFT")
