"""Looks of many sessions, of which those that come at the same time are one statement.

A statement costs the interpreter and the database ten times as much as what it does for one order.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from time import monotonic
from typing import NamedTuple

from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.statements import query
from fixengine.supervision.patience import patient_until

_GLANCE = 0.1  # seconds between looks at whether a stop has begun
_TURN_SECONDS = 15.0
"""How long a look waits for those before it: for the one under way, and for one at the most."""


class Looked(NamedTuple):
    """The database's time, numbers for executions, and whether any of the ClOrdIDs is known."""

    now: datetime
    numbers: tuple[int, ...]
    any_known: bool


@dataclass(eq=False, slots=True, kw_only=True)
class _Asked:
    session_id: int
    cl_ord_ids: Collection[bytes]
    new_orders: int
    answer: Looked | UnavailableError | None = field(default=None)


class Looks:
    """Whoever has its turn looks for all who wait; they find their answers when it is theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = Lock()
        self._waiting: deque[_Asked] = deque()

    def look(self, session_id: int, cl_ord_ids: Collection[bytes], *, new_orders: int) -> Looked:
        """Look whether ClOrdIDs are known, and take numbers; raises UnavailableError."""
        mine = _Asked(session_id=session_id, cl_ord_ids=cl_ord_ids, new_orders=new_orders)
        self._waiting.append(mine)
        self._wait_for_turn()
        try:
            if mine.answer is None:
                self._answer(mine)
        finally:
            self._turn.release()
        if isinstance(mine.answer, Looked):
            return mine.answer
        raise UnavailableError(str(mine.answer)) from mine.answer

    def _wait_for_turn(self) -> None:
        """Wait, but no longer than the actor that asks: its stop may begin meanwhile."""
        until = monotonic() + _TURN_SECONDS
        while not self._turn.acquire(timeout=_GLANCE):
            if monotonic() >= min(until, patient_until()):
                raise UnavailableError("the database takes too long: others look, too")

    def _answer(self, mine: _Asked) -> None:
        together = [mine]
        while self._waiting:
            each = self._waiting.popleft()
            if each is not mine:
                together.append(each)
        try:
            self._look(together)
        except UnavailableError as error:
            for each in together:
                each.answer = error

    def _look(self, together: list[_Asked]) -> None:
        owners = [each for each in together for _ in each.cl_ord_ids]
        parameters = {
            "session_ids": [each.session_id for each in owners],
            "cl_ord_ids": [name for each in together for name in each.cl_ord_ids],
            "count": sum(each.new_orders for each in together),
        }
        with self._database.connection() as connection:
            row = connection.execute(query("fix_look"), parameters, prepare=True).fetchone()
        assert row is not None
        now, numbers, known = row
        knowing = {id(owners[place - 1]) for place in known}
        rest = iter(numbers)
        for each in together:
            each.answer = Looked(now, tuple(islice(rest, each.new_orders)), id(each) in knowing)
