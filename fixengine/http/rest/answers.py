"""The bodies of answers that only REST gives, as types that encode them and describe them."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fixengine.ports.queries import Evaluation, Overview, Sums
from fixengine.rules.decimals import average_price
from fixengine.rules.values import ChangeKind
from fixengine.wire.executions import Execution, Moment, Number, moment, number

_SHARE_DIGITS = 6
_RATE_DIGITS = 3


class Fill(msgspec.Struct, rename="camel", kw_only=True):
    """One evaluation of an execution, and what it added up to then."""

    execution_id: int
    number: Annotated[int, Meta(description="Counts an execution's evaluations from 1.")]
    quantity: Annotated[Number, Meta(description="0 when this evaluation filled nothing.")]
    price: Annotated[Number | UnsetType, Meta(description="Left out where it was lost.")] = UNSET
    filled_timestamp: Moment | UnsetType = UNSET
    quantity_filled: Number
    average_price: Number | UnsetType = UNSET
    total_amount: Number
    version: Annotated[int, Meta(description="The execution's, after this fill.")]
    announced: Annotated[bool, Meta(description="Whether the fills topic gets to see it.")]
    change: (
        Annotated[str, Meta(description="CANCEL, REPLACE or EXPIRE; left out for a fill.")]
        | UnsetType
    ) = UNSET
    quantity_ordered: Annotated[Number, Meta(description="From a REPLACE on.")] | UnsetType = UNSET
    limit_price: (
        Annotated[Number, Meta(description="From a REPLACE on; left out where there is none.")]
        | UnsetType
    ) = UNSET


class Summary(msgspec.Struct, rename="camel", kw_only=True):
    """The state of the whole, all engines together, as one answer of REST has it.

    What can't be known now is left out.
    """

    executions: int
    count_by_status: dict[str, int]
    quantity_ordered: Number
    quantity_filled: Number
    filled_share: Annotated[float, Meta(ge=0, description="0 to 1.")] | UnsetType = UNSET
    notional: Annotated[Number, Meta(description="Quantity times price, over all fills.")]
    counted_timestamp: Annotated[
        Moment, Meta(description="When all the above was counted, in seconds since 1970.")
    ]
    fills_per_second: (
        Annotated[float, Meta(description="Evaluations stored, over the last ten seconds.")]
        | UnsetType
    ) = UNSET
    due: Annotated[int, Meta(description="Executions to fill now, up to 10,000.")] | UnsetType = (
        UNSET
    )
    oldest_due_seconds: (
        Annotated[float, Meta(description="How long the longest due one has been due.")] | UnsetType
    ) = UNSET
    unpublished: (
        Annotated[int, Meta(description="Fills that the broker has not acknowledged.")] | UnsetType
    ) = UNSET
    lag: (
        Annotated[int, Meta(description="Orders on the topic that are not committed.")] | UnsetType
    ) = UNSET


class Problem(msgspec.Struct, kw_only=True):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: Annotated[str, Meta(description="What is wrong, and the remedy.")]
    parameter: (
        Annotated[str, Meta(description="The one at fault: a parameter, a header or a field.")]
        | UnsetType
    ) = UNSET
    execution: (
        Annotated[Execution, Meta(description="As it is, where it can't change as was asked.")]
        | UnsetType
    ) = UNSET


def fill(evaluation: Evaluation) -> Fill:
    """Return the answer for a row of the ledger."""
    entry, kind = evaluation.entry, evaluation.change
    terms = evaluation.terms if kind == ChangeKind.REPLACE else None
    limit = None if terms is None else terms.limit_price
    average = average_price(entry)
    return Fill(
        execution_id=entry.execution_id,
        number=entry.number,
        quantity=number(entry.quantity),
        price=UNSET if entry.price is None else number(entry.price),
        filled_timestamp=UNSET if entry.filled_at is None else moment(entry.filled_at),
        quantity_filled=number(entry.quantity_filled),
        average_price=UNSET if average is None else number(average),
        total_amount=number(entry.total_amount),
        version=entry.version,
        announced=entry.announced,
        change=UNSET if kind is None else kind,
        quantity_ordered=UNSET if terms is None else number(terms.quantity),
        limit_price=UNSET if limit is None else number(limit),
    )


def summary(of: Overview) -> Summary:
    """Return the answer that an overview makes."""
    by_status = of.totals.by_status
    whole = sum(by_status.values(), Sums())
    share = whole.quantity_filled / whole.quantity_ordered if whole.quantity_ordered else None
    backlog, rate = of.backlog, of.fills_per_second
    return Summary(
        executions=whole.executions,
        count_by_status={status: by_status[status].executions for status in sorted(by_status)},
        quantity_ordered=number(whole.quantity_ordered),
        quantity_filled=number(whole.quantity_filled),
        filled_share=UNSET if share is None else round(float(share), _SHARE_DIGITS),
        notional=number(whole.total_amount),
        counted_timestamp=moment(of.totals.counted_at),
        fills_per_second=UNSET if rate is None else round(rate, _RATE_DIGITS),
        due=UNSET if backlog is None else backlog.due,
        oldest_due_seconds=UNSET
        if backlog is None
        else round(backlog.oldest_due_age, _RATE_DIGITS),
        unpublished=UNSET if backlog is None else backlog.unpublished,
        lag=UNSET if of.lag is None else of.lag,
    )
