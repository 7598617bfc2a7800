"""What becomes of a claim: executions are filled, or end as their time is over, or are put off."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fixengine.actors.messages import Prices
from fixengine.ports.stores import Claim
from fixengine.rules.changes import ChangeRequest, change, has_expired
from fixengine.rules.fills import (
    FillRules,
    by_its_end,
    draws_for,
    evaluate,
    wait_without_price,
)
from fixengine.rules.values import Change, ChangeKind, Execution, Fill, Postponed


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedClaim:
    """The outcome of a claim before it is stored. Executions are put off that have no price."""

    fills: tuple[Fill, ...] = ()
    ended: tuple[Change, ...] = ()
    postponed: tuple[Postponed, ...] = ()

    @property
    def only_ends(self) -> bool:
        """Whether nothing of it needed a price."""
        return not (self.fills or self.postponed)

    def next_times(self) -> Iterator[datetime]:
        """Yield the time at which each execution that stays open falls due again."""
        for fill in self.fills:
            if fill.execution.next_fill_timestamp is not None:
                yield fill.execution.next_fill_timestamp
        for each in self.postponed:
            yield each.next_fill_timestamp


def tickers_of(claim: Claim) -> frozenset[str]:
    """Return the tickers of the executions that need a price."""
    return frozenset(each.ticker for each in claim.executions if not has_expired(each, claim.now))


def evaluate_claim(
    claim: Claim, prices: Prices, *, rules: FillRules, seed: str | None
) -> EvaluatedClaim:
    """Apply the fill rules to every execution of the claim that has a price and time left."""
    fills: list[Fill] = []
    ended: list[Change] = []
    postponed: list[Postponed] = []
    for execution in claim.executions:
        price = prices.known.get(execution.ticker)
        if has_expired(execution, claim.now):
            ended.append(_expired(execution, claim.now, rules=rules))
        elif price is None:
            has_none = execution.ticker in prices.unknown
            wait = wait_without_price(execution, now=claim.now, has_none=has_none, rules=rules)
            until = by_its_end(execution, claim.now + wait)
            postponed.append(Postponed(execution.id, execution.version, until))
        else:
            rng = draws_for(seed, execution)
            fills.append(evaluate(execution, price=price, now=claim.now, rng=rng, rules=rules))
    return EvaluatedClaim(fills=tuple(fills), ended=tuple(ended), postponed=tuple(postponed))


def _expired(execution: Execution, now: datetime, *, rules: FillRules) -> Change:
    request = ChangeRequest(execution_id=execution.id, kind=ChangeKind.EXPIRE)
    return change(execution, request, now=now, rules=rules)
