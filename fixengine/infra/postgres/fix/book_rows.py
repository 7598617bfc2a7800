"""Rows of the gateway's statements, as what they mean."""

from decimal import Decimal
from typing import Any

from msgspec.structs import astuple

from fixengine.infra.postgres.stored_fills import stored_fill
from fixengine.ports.fix import Sent
from fixengine.rules.changes import Refusal
from fixengine.rules.values import ChangeKind, Execution, LedgerEntry, TimeInForce
from fixengine.trading.values import (
    Evaluated,
    FixOrder,
    FixRequest,
    Refused,
    RequestKind,
    RequestState,
    Standing,
)

_SENT = Sent.__struct_fields__
_REQUEST = FixRequest.__struct_fields__
_ORDER = FixOrder.__struct_fields__
_ZERO = Decimal(0)
_KIND = len(LedgerEntry.__struct_fields__)  # where a change's kind is, behind the ledger's row
_EXECUTION = _KIND + 4  # behind the kind, and the terms that held


def sent_of(*values: Any) -> Sent:
    """Return a row of `fix_sent`."""
    return Sent(**dict(zip(_SENT, values, strict=True)))


def request_of(*values: Any) -> FixRequest:
    """Return a row of `fix_request`."""
    fields = dict(zip(_REQUEST, values, strict=True))
    kind, state = RequestKind(fields.pop("kind")), RequestState(fields.pop("state"))
    return FixRequest(**fields, kind=kind, state=state)


def looked_up(untold: int | None, *values: Any) -> tuple[FixRequest | None, Standing | None]:
    """Return a request, if a ClOrdID was asked for, and how its order stands, if there is one.

    `untold` is the number of the first evaluation that the client has not been told.
    """
    request, order, evaluation = _cut(_timed(values), len(_REQUEST), len(_ORDER))
    standing = None
    if order[0] is not None and evaluation[_EXECUTION] is not None:
        closed_by = _kind_of(evaluation) if untold is None else None
        standing = Standing(_order_of(*order), _as_told(untold, evaluation), closed_by)
    return None if request[0] is None else request_of(*request), standing


def _as_told(untold: int | None, evaluation: tuple[Any, ...]) -> Execution:
    if untold is None:
        return Execution(*evaluation[_EXECUTION:])
    if evaluation[0] is None:  # of before the first one the ledger knows nothing
        id_ = evaluation[_EXECUTION]
        nothing = LedgerEntry(id_, 0, _ZERO, None, None, _ZERO, _ZERO, 1, announced=False)
        evaluation = (*astuple(nothing), *evaluation[_KIND:])
    return stored_fill(*evaluation).execution


def report_of(
    position: int, reason: str | None, request_key: str | None, *values: Any
) -> Evaluated | Refused:
    """Return an evaluation or, where there is a reason, the request that is refused."""
    order, request, evaluation = _cut(_timed(values), len(_ORDER), len(_REQUEST))
    if reason is not None:
        return Refused(
            position=position,
            order=_order_of(*order),
            request=request_of(*request),
            refusal=Refusal[reason],
            execution=Execution(*evaluation[_EXECUTION:]),
            closed_by=_kind_of(evaluation),
        )
    return Evaluated(
        position=position,
        order=_order_of(*order),
        fill=stored_fill(*evaluation),
        kind=_kind_of(evaluation),
        request_key=request_key,
    )


def _kind_of(evaluation: tuple[Any, ...]) -> ChangeKind | None:
    """Return the kind of the change that an evaluation was, None if it was a fill."""
    kind = evaluation[_KIND]
    return None if kind is None else ChangeKind(kind)


def _order_of(*values: Any) -> FixOrder:
    fields = dict(zip(_ORDER, values, strict=True))
    kind = fields.pop("pending_kind")
    return FixOrder(**fields, pending_kind=None if kind is None else RequestKind(kind))


def _cut(values: tuple[Any, ...], first: int, second: int) -> tuple[tuple[Any, ...], ...]:
    return values[:first], values[first : first + second], values[first + second :]


def _timed(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row whose last value, the time in force, has its type."""
    return (*values[:-1], None if values[-1] is None else TimeInForce(values[-1]))
