"""The course of the demo: start everything, feed, show, and in the end audit and stop it all."""

import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf

from rich.console import Console

from fixengine.cancelling.rest import OperatorRest
from fixengine.config.passwords import hash_password
from fixengine.demo.audit.report import Report, audit
from fixengine.demo.engine import Engine, Gateway
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.fix_client import GATEWAY, FixClient
from fixengine.demo.feed.second_thoughts import SecondThoughts
from fixengine.demo.feed.sending import OrderSender
from fixengine.demo.isolation import isolate
from fixengine.demo.options import DemoOptions
from fixengine.demo.servers.kinds import SERVERS
from fixengine.demo.stack import Stack
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.process.interrupts import signals_as_interrupts
from fixengine.top.looks import Observer, Seen
from fixengine.top.view import View, opened_view

_LOOK_EVERY_SECONDS = 0.5
_PACE_SECONDS = 0.05
_BURST = 1000
_SHOWN_PROBLEMS = 10
_INTERRUPTED = 130
_CLOSED = ("FULL", "CNCLD", "CPART")
_SESSIONS = """[[session]]
own = "{own}"
peer = "*"
destination = "ML"
password = "{password}"
"""


def perform(options: DemoOptions) -> int:
    """Run the demo and return its exit code; raises DemoError when a part fails."""
    console = Console()
    isolate()
    with signals_as_interrupts():
        try:
            return _perform(options, console)
        except KeyboardInterrupt:
            return _INTERRUPTED if options.exits else 0


def _perform(options: DemoOptions, console: Console) -> int:
    with Stack(servers=SERVERS[options.broker], keep=options.keep, seed=options.seed) as stack:
        try:
            return _Session(stack, options, console).perform()
        except KeyboardInterrupt:
            console.print("stopping", highlight=False)
            stack.stop()
            raise


class _Session:
    def __init__(self, stack: Stack, options: DemoOptions, console: Console) -> None:
        self._stack = stack
        self._options = options
        self._console = console
        self._sent: list[FedOrder] = []
        self._token = secrets.token_hex()
        self._password = secrets.token_hex(16)
        self._gateway: Gateway | None = None
        self._processes: list[Engine] = []  # engines, and the gateway behind them

    def perform(self) -> int:
        engines = self._started()
        self._say(f"operator token, for the blotter: {self._token}")
        client = None if self._gateway is None else self._client(self._gateway)
        observer = Observer({engine.process.name: engine.url for engine in engines})
        thoughts = SecondThoughts(
            [OperatorRest(engine.url, token=self._token) for engine in engines],
            percent=self._options.cancels,
            seed=self._options.seed,
            within=self._options.longest_delay_seconds(),
        )
        try:
            with opened_view(
                self._console, title="fixengine demo", rest_address=engines[0].url
            ) as view:
                self._feed_and_show(observer, view, thoughts, client)
        finally:
            thoughts.close()
            observer.close()
            if client is not None:
                client.close()
        codes = {each.process.name: each.terminate() for each in self._processes}
        report = audit(
            self._sent,
            dsn=self._stack.postgres.dsn,
            bootstrap=self._stack.broker.bootstrap,
            topics=self._stack.topics,
        )
        self._stack.stop()
        if self._options.cancels:
            self._say(thoughts.summary())
        if client is not None:
            self._say(client.summary())
        return self._conclude(report, codes, [] if client is None else [*client.problems()])

    def _started(self) -> list[Engine]:
        self._stack.start()
        self._stack.create_topic()
        settings = {**self._options.engine_settings(), "OPERATOR_TOKEN": self._token}
        names = [f"engine-{number}" for number in range(1, self._options.engines + 1)]
        engines = [self._stack.engine(name, **settings) for name in names]
        self._processes += engines
        if self._options.fix:
            self._gateway = self._stack.gateway(
                sessions=_SESSIONS.format(
                    own=GATEWAY,
                    password=hash_password(self._password.encode()),
                ),
                **settings,
            )
            self._processes.append(self._gateway)
        for each in self._processes:
            each.start(ready_within=None)
        for each in self._processes:
            each.wait_until_ready()
        return engines

    def _client(self, gateway: Gateway) -> FixClient:
        """Return a client that has begun, and say how others log on."""
        options = self._options
        host, port = gateway.fix_address
        self._say(
            f"FIX 4.4 at {host}:{port}: TargetCompID {GATEWAY}, any SenderCompID, "
            f"password {self._password}"
        )
        self._say(f"FIX sessions at {gateway.url}/api/v1/fix/sessions")
        client = FixClient(
            gateway.fix_address,
            password=self._password,
            count=options.orders_by_fix,
            rate=options.rate_of(options.fix),
            seed=options.seed,
            within=options.deadline_seconds() if options.exits else inf,
        )
        client.start()
        return client

    def _feed_and_show(
        self,
        observer: Observer,
        view: View,
        thoughts: SecondThoughts,
        client: FixClient | None,
    ) -> None:
        """Feed and look in turns; returns when there is an end and it is reached."""
        options = self._options
        cluster = Cluster(brokers=self._stack.broker.bootstrap, client_id="fixengine-demo")
        sender = OrderSender(cluster, topic=self._stack.topics.orders)
        rate = options.rate_of(100 - options.fix)  # so none is received after it is sent
        feed = orders(seed=options.seed, since=datetime.now(UTC), rate=rate)
        began = time.monotonic()
        next_look, count = began, 0
        while True:
            now = time.monotonic()
            due = _due(options, now - began) - count
            for order in (next(feed) for _ in range(min(due, _BURST))):
                sender.send(order)
                thoughts.about(order)
                count += 1
                if options.exits:
                    self._sent.append(order)
            if now >= next_look:
                look = observer.look()
                view.show(look)
                _check_alive(self._processes)
                settled = thoughts.nothing_left and (client is None or client.nothing_left)
                if options.exits and self._finished(look, now - began) and settled:
                    sender.flush()
                    return
                next_look = now + _LOOK_EVERY_SECONDS
            if due <= _BURST:
                time.sleep(_PACE_SECONDS)

    def _finished(self, look: Seen, elapsed: float) -> bool:
        closed = sum(look.counts.get(status, 0) for status in _CLOSED)
        deadline = self._options.deadline_seconds()
        if elapsed > deadline:
            raise DemoError(
                f"after {deadline:.0f} s only {closed} of {self._options.orders} orders "
                f"are closed and {look.unpublished} fills are not published"
            )
        return closed == self._options.orders and look.unpublished == 0

    def _conclude(self, report: Report, codes: dict[str, int | None], by_fix: Sequence[str]) -> int:
        problems = [
            *(f"{name} ended with exit code {code}" for name, code in codes.items() if code != 0),
            *by_fix,
            *report.problems,
        ]
        for problem in problems[:_SHOWN_PROBLEMS]:
            self._say(f"problem: {problem}")
        self._say(report.summary())
        return 1 if problems else 0

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)


def _due(options: DemoOptions, elapsed: float) -> int:
    """Return how many orders should be on the topic by now."""
    limit, rate = options.orders_by_topic, options.rate_of(100 - options.fix)
    if rate is None:
        return limit or 0
    paced = int(elapsed * rate) + 1
    return paced if limit is None else min(paced, limit)


def _check_alive(engines: list[Engine]) -> None:
    for engine in engines:
        if not engine.process.running:
            process = engine.process
            raise DemoError(
                f"{process.name} ended with exit code {process.exit_code}: {process.last_words()}"
            )
