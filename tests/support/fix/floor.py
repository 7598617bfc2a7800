"""Two gateways behind one address, and clients that trade by it while they are killed."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import psycopg

from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from tests.support.fix.dealer import Dealer
from tests.support.fix.ledger import ledger_of, numbers_of
from tests.support.fix.verdict import verdict
from tests.support.gateways import GatewayProcess, World, gateway_process, session
from tests.support.network.proxy import Proxy

_TOO_LOW = "too low"
_AGAIN_SECONDS = 30.0


class Floor:
    """A context manager: while it lasts, `dealers` trade at `line`, behind which are `gateways`.

    `program` is the module whose command `gateway` is run. Without `unpriced` all orders end.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        dsn: str,
        name: str = "floor",
        program: str = "fixengine",
        dealers: int = 4,
        rate: float = 10.0,
        seed: int = 1,
        unpriced: bool = True,
    ) -> None:
        self._dsn = dsn
        self._world = world
        self._folder = folder
        reserve = world.workspace.reserve_port
        self.gateways = [
            gateway_process(
                world, folder, pod=f"{name}-{number}", sessions=session("*"), program=program
            )
            for number in (1, 2)
        ]
        first, *others = (each.port for each in self.gateways)
        self.line = Proxy(port=reserve(), target=first, others=others)
        self.dealers = [
            Dealer(self.line.port, f"{name}-{number}", seed=seed, rate=rate, unpriced=unpriced)
            for number in range(1, dealers + 1)
        ]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for gateway in self.gateways:
            gateway.wait_until_ready()
        self.line.start()
        self._open.callback(self.line.stop)
        for dealer in self.dealers:
            self._open.enter_context(dealer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()
        for gateway in self.gateways:
            gateway.process.kill()

    def succeed(self, number: int, *, pod: str, program: str, **settings: str) -> GatewayProcess:
        """Start another gateway in the place of one that has ended."""
        gateway = gateway_process(
            self._world,
            self._folder,
            pod=pod,
            sessions=session("*"),
            program=program,
            port=self.gateways[number].port,
            **settings,
        )
        self.gateways[number] = gateway
        return gateway

    def wait_until_busy(self, more: int = 20) -> None:
        """Wait until each client that can go on has been told so many messages more."""
        before = [len(each.book.told) for each in self.dealers]
        wait_until(
            lambda: all(
                len(dealer.book.told) >= told + more or _is_stuck(dealer)
                for dealer, told in zip(self.dealers, before, strict=True)
            ),
            60,
            "all clients to be told of their orders",
        )

    def leave_half_open(self) -> None:
        """Let all clients lose their lines and come back, of which no gateway is told."""
        self.line.strand()
        for dealer in self.dealers:
            dealer.hang_up()

    def wait_until_back(self, times: int) -> None:
        """Wait until each client that can go on has logged on so many times."""
        wait_until(
            lambda: all(each.logons >= times or _is_stuck(each) for each in self.dealers),
            60,
            "all clients to be back",
        )

    def problems(self, within: float = 60.0) -> list[str]:
        """Let the clients rest, wait until all is settled, and judge what each was told.

        Each is asked for everything again, too.
        """
        for dealer in self.dealers:
            dealer.rests = True
        until = monotonic() + within
        found = []
        for dealer in self.dealers:
            found += [f"{dealer.peer}: {each}" for each in self._problems(dealer, until)]
        return found

    def _problems(self, dealer: Dealer, until: float) -> Iterator[str]:
        try:
            wait_until(
                lambda: _is_settled(dealer, self._dsn) or _is_stuck(dealer),
                max(until - monotonic(), 1),
                "all to be told",
            )
        except DemoError:
            numbers, left = numbers_of(self._dsn, dealer.peer)
            yield f"{left} things are not settled, {numbers} there, {dealer.numbers} here"
        dealer.stop()
        ledger = ledger_of(self._dsn, dealer.peer)
        yield from verdict(dealer.book, ledger)
        if _is_stuck(dealer):
            yield f"its session can't go on: {dealer.endings}"
            return
        try:
            again = dealer.ask_again(_AGAIN_SECONDS)
        except UnavailableError as error:
            yield f"it could not ask for everything again: {error}"
        else:
            yield from (f"asked again: {each}" for each in verdict(again, ledger))


def _is_settled(dealer: Dealer, dsn: str) -> bool:
    try:
        numbers, unsettled = numbers_of(dsn, dealer.peer)
    except psycopg.OperationalError:
        return False
    mine = dealer.numbers
    return unsettled == 0 and (mine.next_in, mine.next_out) == (numbers.next_out, numbers.next_in)


def _is_stuck(dealer: Dealer) -> bool:
    return any(_TOO_LOW in each for each in dealer.endings)
