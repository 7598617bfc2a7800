"""Operators who cancel and change a share of all executions by REST, and remember the answers."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from random import Random
from typing import Any, TypeAlias

import psycopg
import urllib3

from fixengine.demo.engine import Engine
from tests.support.background import Background

TOKEN = "a-token-for-operators"
SETTINGS = {"OPERATOR_TOKEN": TOKEN}
"""What an engine needs to listen to them."""

_AT_ONCE = 32
_LOOK_SECONDS = 0.1
_ASK_SECONDS = 6.0
_PAUSE_SECONDS = 0.2
_REPEATED = 0.2
_PATIENCE_SECONDS = 800.0  # engines may die one after the other meanwhile
_NEW = "select id, quantity_ordered from execution where id > %s order by id"
_CHANGES = """
select c.execution_id, c.request_key, lower(c.kind), f.version, f.quantity_filled
from change as c
join fill as f on f.execution_id = c.execution_id and f.number = c.number
where c.request_key not like 'engine:%' and c.request_key not like 'fix:%'
"""
_OPEN = "select id from execution where is_open"


Answer: TypeAlias = tuple[int, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: it keeps its key, whomever it is sent to, and however often."""

    execution_id: int
    kind: str
    key: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request, its first answer, and that to a repeat, if there was one: statuses and bodies.

    `seconds` is the time from the first try to the answer.
    """

    asked: Asked
    answer: Answer
    seconds: float
    again: Answer | None = None

    @property
    def is_done(self) -> bool:
        """Whether it says that the request is done."""
        return self.answer[0] == 200


class Operators(Background):
    """A context manager: while it lasts, a `share` of new executions is asked for, once each.

    That happens `within` so many seconds. Each request is sent to some engine, and again with its
    key until it is decided; whoever leaves the block waits for that.
    """

    def __init__(
        self,
        engines: Callable[[], Sequence[Engine]],
        *,
        dsn: str,
        share: float,
        seed: int,
        within: float = 0.5,
    ) -> None:
        super().__init__("operators")
        self.answers: list[Answered] = []
        self.asked: list[Asked] = []
        self._engines = engines
        self._dsn = dsn
        self._share = share
        self._within = within
        self._rng = Random(seed)
        self._pool = urllib3.PoolManager(
            maxsize=_AT_ONCE, num_pools=50, retries=False, timeout=_ASK_SECONDS
        )

    def work(self) -> None:
        last, later = 0, list[tuple[float, str, Asked]]()
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            while not self.stopping.wait(_LOOK_SECONDS):
                for id_, ordered in self._new(last):
                    last = id_
                    if self._rng.random() < self._share:
                        asked = self._request(id_, ordered)
                        at = time.monotonic() + self._rng.uniform(0, self._within)
                        heappush(later, (at, asked.key, asked))
                        self.asked.append(asked)
                while later and later[0][0] <= time.monotonic():
                    threads.submit(self._ask, heappop(later)[2])
            for *_, asked in later:
                threads.submit(self._ask, asked)
        self._pool.clear()

    def _new(self, last: int) -> Sequence[tuple[int, Decimal]]:
        try:
            with psycopg.connect(self._dsn, connect_timeout=5) as connection:
                return connection.execute(_NEW, [last]).fetchall()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return ()  # the server is away, as it is meant to be, or no engine was here yet

    def _request(self, id_: int, ordered: Decimal) -> Asked:
        kind = self._rng.choice(("cancel", "cancel", "replace"))
        terms = {"quantity": float(round(ordered * self._rng.choice((2, Decimal("0.5"))), 2) or 1)}
        return Asked(
            execution_id=id_,
            kind=kind,
            key=f"{kind}-{id_}",
            body=json.dumps(terms).encode() if kind == "replace" else None,
        )

    def _ask(self, asked: Asked) -> None:
        """Send it until it is decided; some then once more, and any engine has to say the same."""
        began = time.monotonic()
        while time.monotonic() < began + _PATIENCE_SECONDS:
            answer = self._sent(asked)
            if answer is not None:
                seconds = time.monotonic() - began
                again = self._sent(asked) if self._rng.random() < _REPEATED else None
                self.answers.append(
                    Answered(asked=asked, answer=answer, seconds=seconds, again=again)
                )
                return
            time.sleep(_PAUSE_SECONDS)  # as a client would that is told to try again

    def _sent(self, asked: Asked) -> Answer | None:
        """Return the answer; None when it was not decided, or nobody heard."""
        engine = self._rng.choice([*self._engines()])
        try:
            response = self._pool.request(
                "POST",
                f"{engine.url}/api/v1/execution/{asked.execution_id}/{asked.kind}",
                body=asked.body,
                headers={
                    "Authorization": f"Bearer {TOKEN}",
                    "Idempotency-Key": asked.key,
                    **({"Content-Type": "application/json"} if asked.body else {}),
                },
            )
        except urllib3.exceptions.HTTPError:
            return None
        if response.status == 503:
            return None
        return response.status, response.json()


def untrue(operators: Operators, dsn: str) -> Iterator[str]:
    """Yield what was answered and is not so, and what was done without an answer, at the end."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(_CHANGES).fetchall()
        still_open = {id_ for (id_,) in connection.execute(_OPEN)}
    changes = {(id_, key): (kind, version, filled) for id_, key, kind, version, filled in rows}
    for asked in {*operators.asked} - {each.asked for each in operators.answers}:
        yield f"{asked.key} was not decided within {_PATIENCE_SECONDS:g} s"
    for each in operators.answers:
        asked, (status, body) = each.asked, each.answer
        done = changes.pop((asked.execution_id, asked.key), None)
        if each.is_done:
            told = (asked.kind, body["version"], Decimal(str(body["quantityFilled"])))
            if done != told:
                yield f"{asked.key}: the answer is {told}, the ledger has {done}"
        elif status != 409:
            yield f"{asked.key}: the answer is {status}, {body}"
        elif done is not None:
            yield f"{asked.key} was refused, and the ledger has {done}"
        elif asked.execution_id in still_open and asked.kind == "cancel":
            yield f"{asked.key} was refused, and the execution is open"
        if each.again is not None and not _same(each.answer, each.again):
            yield f"{asked.key} was answered {each.answer} and then {each.again}"
    for key in changes:
        yield f"the ledger has a change {key} that nobody was told of"


def _same(first: Answer, again: Answer) -> bool:
    return first[0] == again[0] and (first[0] != 200 or first[1] == again[1])
