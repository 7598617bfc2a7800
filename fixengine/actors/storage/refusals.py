"""What the database refuses is found apart, and is at fault only where the schema is sound."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from fixengine.actors.messages import StoreFills
from fixengine.actors.storage.schema_watch import SchemaWatch
from fixengine.errors import RejectedError
from fixengine.ports.stores import Claims, OrderTable, Stored
from fixengine.rules.halving import Tried
from fixengine.rules.values import Order


class Outcome(Protocol):
    """What became of rows."""

    @property
    def refused(self) -> Mapping[Any, str]:
        """Why the database refuses some of them."""


_Outcome = TypeVar("_Outcome", bound=Outcome)


class Rows(Protocol[_Outcome]):
    """What is stored together, or apart; all raise UnavailableError."""

    def together(self) -> _Outcome:
        """Store all; raises RejectedError, with nothing stored, when any is refused."""

    def apart(self) -> _Outcome:
        """Store what is not refused."""

    def again(self, tried: _Outcome) -> _Outcome:
        """Store what was refused and is so no more; return what became of all rows."""


def store(rows: Rows[_Outcome], schema: SchemaWatch) -> _Outcome:
    """Store rows but for those at fault: refused before and after the schema was found sound.

    Raises SchemaError when the schema is at fault, UnavailableError.
    """
    try:
        return rows.together()
    except RejectedError:
        tried = rows.apart()
    if not tried.refused:
        return tried
    schema.assert_sound()
    return rows.again(tried)


class NewOrders:
    """Orders that become executions; those that are refused are named by their places."""

    def __init__(
        self,
        table: OrderTable,
        orders: Sequence[tuple[Order, str]],
        *,
        partitions: Collection[int],
        within: float,
    ) -> None:
        """Take orders of partitions of the topic, and the seconds for trying them apart."""
        self._table = table
        self._orders = orders
        self._partitions = partitions
        self._within = within

    def together(self) -> Tried:
        self._table.insert_orders(self._orders, partitions=self._partitions)
        return Tried(count=len(self._orders))

    def apart(self) -> Tried:
        return self._apart(self._orders)

    def again(self, tried: Tried) -> Tried:
        places = tuple(tried.refused)
        again = self._apart(tuple(self._orders[place] for place in places))
        return Tried(
            count=(*places, tried.count)[again.count],
            refused={places[place]: reason for place, reason in again.refused.items()},
        )

    def _apart(self, orders: Sequence[tuple[Order, str]]) -> Tried:
        return self._table.insert_apart(orders, partitions=self._partitions, within=self._within)


class ClaimOutcome:
    """What becomes of a claim; what of it stays refused is put off for long."""

    def __init__(self, claims: Claims, outcome: StoreFills, *, within: float) -> None:
        """Take the outcome, and the seconds for trying each kind of it apart."""
        self._claims = claims
        self._outcome = outcome
        self._within = within

    def together(self) -> Stored:
        outcome = self._outcome
        ids = self._claims.store(outcome.fills, outcome.postponed, outcome.ended)
        return Stored(ids=ids, changed=len(outcome.fills) + len(outcome.ended) - len(ids))

    def apart(self) -> Stored:
        return self._apart(self._outcome)

    def again(self, tried: Stored) -> Stored:
        outcome, refused = self._outcome, tried.refused
        again = self._apart(
            StoreFills(
                fills=tuple(fill for fill in outcome.fills if fill.execution.id in refused),
                postponed=tuple(each for each in outcome.postponed if each.execution_id in refused),
                ended=tuple(each for each in outcome.ended if each.fill.execution.id in refused),
            )
        )
        if again.refused:
            self._claims.put_off(again.refused, within=self._within)
        return replace(tried, refused={}) + again

    def _apart(self, outcome: StoreFills) -> Stored:
        return self._claims.store_apart(
            outcome.fills, outcome.postponed, outcome.ended, within=self._within
        )
