"""What becomes of a claim: an execution is filled at its price, or put off if it has no price."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fixengine.actors.messages import Prices
from fixengine.ports.stores import Claim
from fixengine.rules.changes import EXPIRED_WITHIN, has_expired
from fixengine.rules.fills import (
    FillRules,
    by_its_end,
    draws_for,
    evaluate,
    wait_without_price,
)
from fixengine.rules.values import Fill, Postponed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The outcome of a claim before it is stored: fills, and executions that are put off.

    Of the latter `expired` are those whose time is over: the desk ends them meanwhile.
    """

    fills: tuple[Fill, ...]
    postponed: tuple[Postponed, ...]
    expired: tuple[int, ...] = ()

    def next_times(self) -> Iterator[datetime]:
        """Yield the time at which each execution that stays open falls due again."""
        for fill in self.fills:
            if fill.execution.next_fill_timestamp is not None:
                yield fill.execution.next_fill_timestamp
        for each in self.postponed:
            yield each.next_fill_timestamp


def evaluate_claim(
    claim: Claim, prices: Prices, *, rules: FillRules, seed: str | None
) -> Evaluated:
    """Apply the fill rules to every execution of the claim that has a price and time left."""
    fills: list[Fill] = []
    postponed: list[Postponed] = []
    expired: list[int] = []
    for execution in claim.executions:
        price = prices.known.get(execution.ticker)
        if has_expired(execution, claim.now):
            expired.append(execution.id)
            again = claim.now + EXPIRED_WITHIN
            postponed.append(Postponed(execution.id, execution.version, again))
        elif price is None:
            has_none = execution.ticker in prices.unknown
            wait = wait_without_price(execution, now=claim.now, has_none=has_none, rules=rules)
            until = by_its_end(execution, claim.now + wait)
            postponed.append(Postponed(execution.id, execution.version, until))
        else:
            rng = draws_for(seed, execution)
            fills.append(evaluate(execution, price=price, now=claim.now, rng=rng, rules=rules))
    return Evaluated(fills=tuple(fills), postponed=tuple(postponed), expired=tuple(expired))
