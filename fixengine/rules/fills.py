"""The fill rules: what one evaluation of a due execution does to it.

Pure: the outcome is a function of the execution, the price, the time and the random draws.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from random import Random

from msgspec.structs import replace

from fixengine.rules.values import (
    LOWEST_LIMIT,
    Execution,
    Fill,
    Status,
    TimeInForce,
    TradeType,
)

WHOLE_CHANCE = 0.10
"""How often an evaluation fills all that remains, without another draw."""

NOTHING_CHANCE = 0.05
"""How often it fills nothing, of the evaluations that are left."""

SMALL_REMAINDER = Decimal(100)
"""Up to so much remains, the rest is filled at once."""

SHARES = tuple(Decimal(percent) / 100 for percent in (80, 60, 400, 20, 10))
"""Shares of what remains, one of which is drawn. All are equally likely.

400 % is no slip for 40 %: the suite's document has 400 % in its ladder of fills. As no fill is
larger than what remains, it means all of that, up to LARGEST_SHARE.
"""

LARGEST_SHARE = Decimal(10_000)
"""The most that a share comes to."""

LONGEST_WAIT = timedelta(minutes=10)
"""The longest wait of an execution whose ticker has no price."""

_UNIT = Decimal(1)
_COLUMN_SCALE = Decimal("1e-8")
_EXACT = Context(prec=60)  # two numeric(18,8) multiply to 36 digits; the default keeps 28

_fresh = Random()  # noqa: S311 - a market simulation, not a secret; the system gives its seed


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRules:
    """What an operator may choose about fills.

    The next evaluation comes after `delay_min` to `delay_max` seconds. `announce_empty` says
    whether an execution that has nothing filled yet is published too, `announce_fix` whether those
    are that FIX clients ordered: execution-service knows none of them.
    """

    delay_min: float = 5.0
    delay_max: float = 120.0
    announce_empty: bool = False
    announce_fix: bool = False

    def announce(self, execution: Execution, filled: Decimal) -> bool:
        """Say whether the topic gets to see an evaluation after which so much is filled."""
        return (filled > 0 or self.announce_empty) and (self.announce_fix or not execution.by_fix)


def evaluate(
    execution: Execution, *, price: Decimal, now: datetime, rng: Random, rules: FillRules
) -> Fill:
    """Evaluate an open execution at `price` (> 0) and return the fill, whose quantity may be 0.

    The draws from `rng` come in the same order at any price, so that a run with a seed can be
    repeated. The fill's time is `now`, but never before the execution was received, sent or last
    filled. The Go service stored no time of sending: its executions count as sent when received.
    """
    drawn = draw_quantity(execution.remaining, rng)
    delay = timedelta(seconds=rng.uniform(rules.delay_min, rules.delay_max))
    quantity = drawn if _may_fill(execution, drawn, price) else Decimal(0)
    filled = execution.quantity_filled + quantity
    full = filled == execution.quantity_ordered
    sent = max(execution.sent_timestamp, execution.received_timestamp)
    filled_at = max(now, sent, execution.last_fill_timestamp or sent)
    after = replace(
        execution,
        is_open=not full,
        execution_status=status_of(filled, execution.quantity_ordered),
        sent_timestamp=sent,
        quantity_filled=filled,
        total_amount=execution.total_amount + amount(quantity, price),
        number_of_fills=execution.number_of_fills + 1,
        last_fill_timestamp=filled_at,
        next_fill_timestamp=None if full else _next_time(execution, now, delay),
        version=execution.version + 1,
    )
    return Fill(
        quantity=quantity,
        price=price,
        announced=rules.announce(execution, filled),
        execution=after,
    )


def _may_fill(execution: Execution, quantity: Decimal, price: Decimal) -> bool:
    if execution.time_in_force == TimeInForce.FOK and quantity != execution.remaining:
        return False
    return within_limit(execution, price)


def _next_time(execution: Execution, now: datetime, delay: timedelta) -> datetime:
    if execution.time_in_force is not None:
        return now  # to end what this evaluation has left
    return by_its_end(execution, now + delay)


def by_its_end(execution: Execution, moment: datetime) -> datetime:
    """Return a time, or that at which the execution expires if that is earlier."""
    return min(moment, execution.expires_at or moment)


def draw_quantity(remaining: Decimal, rng: Random) -> Decimal:
    """Draw how much of `remaining` (> 0) to fill; a limit price may still forbid it."""
    if rng.random() < WHOLE_CHANCE:
        return remaining
    if rng.random() < NOTHING_CHANCE:
        return Decimal(0)
    if remaining <= SMALL_REMAINDER:
        return remaining
    share = (remaining * rng.choice(SHARES)).quantize(_UNIT, ROUND_HALF_UP)
    return min(share, LARGEST_SHARE, remaining)


def within_limit(execution: Execution, price: Decimal) -> bool:
    """Say whether `price` is no worse for the customer than the limit, if there is one."""
    limit = execution.limit_price
    if limit is None or limit < LOWEST_LIMIT:
        return True
    match execution.trade_type:
        case TradeType.BUY | TradeType.COVER:
            return price <= limit
        case TradeType.SELL | TradeType.SHORT:
            return price >= limit
        case _:
            return True


def amount(quantity: Decimal, price: Decimal) -> Decimal:
    """Return `quantity` × `price` as the table can hold it: 8 places, rounded half up."""
    return _EXACT.multiply(quantity, price).quantize(_COLUMN_SCALE, ROUND_HALF_UP, _EXACT)


def wait_without_price(
    execution: Execution, *, now: datetime, has_none: bool, rules: FillRules
) -> timedelta:
    """Return how long an execution without a price waits for its next evaluation.

    Where its ticker `has_none`, it waits as long again as it has waited since it was sent or last
    filled. So the waits double, up to LONGEST_WAIT. Where the price could only not be had now, it
    waits for the shortest time.
    """
    shortest = timedelta(seconds=max(rules.delay_min, 0.1))
    waited = now - (execution.last_fill_timestamp or execution.sent_timestamp)
    return min(max(shortest, waited), LONGEST_WAIT) if has_none else shortest


def status_of(filled: Decimal, quantity: Decimal) -> Status:
    """Return the status of an execution of which so much of its quantity is filled."""
    if filled == quantity:
        return Status.FULL
    return Status.PART if filled > 0 else Status.WORK


def outcome(fill: Fill) -> str:
    """Name what a fill came to: `full` ends the execution, `part` and `none` leave it open."""
    if not fill.execution.is_open:
        return "full"
    return "part" if fill.quantity > 0 else "none"


def draws_for(seed: str | None, execution: Execution) -> Random:
    """Return the random draws of an execution's next fill.

    With a seed they depend on nothing but the seed, the order and the fill's number, so any engine
    draws the same in any batch. Without a seed they are fresh.
    """
    if seed is None:
        return _fresh
    number = execution.number_of_fills + 1
    return Random(f"{seed}:{execution.execution_service_id}:{number}")  # noqa: S311 - as above
