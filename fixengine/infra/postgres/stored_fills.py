"""Fills read back from the ledger, each with its execution as it stood after it."""

from typing import Any

from fixengine.rules.changes import as_after
from fixengine.rules.values import ChangeKind, Execution, Fill, LedgerEntry, Terms

_ENTRY = len(LedgerEntry.__struct_fields__)


def stored_fill(*values: Any) -> Fill:
    """Return a fill: its ledger's row, its kind, the terms if others hold now, its execution."""
    entry = LedgerEntry(*values[:_ENTRY])
    kind, has_other_terms, quantity, limit, *row = values[_ENTRY:]
    now = Execution(*row)
    after = as_after(
        now,
        entry,
        kind=None if kind is None else ChangeKind(kind),
        terms=Terms(quantity, limit) if has_other_terms else now.terms,
    )
    return Fill(
        quantity=entry.quantity, price=entry.price, announced=entry.announced, execution=after
    )
