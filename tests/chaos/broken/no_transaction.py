"""Claims are locked outside a transaction, so not at all, and updates check no version."""

from fixengine.cli import main
from fixengine.infra.postgres import claimed_rows, claims
from tests.chaos.broken import broken

_NO_OUTBOX_ROW = b"(select o.fill_number from public.outbox as o where o.execution_id = e.id)"

CLAIM = broken("claim", {b"for update of e skip locked": b"", _NO_OUTBOX_ROW: b"null"})
STORE = broken(
    "store_fills",
    {
        b"e.ctid = f.place": b"e.id = f.execution_id",
        b"case when e.is_open and e.version = f.version - 1 then e.id end": b"e.id",
        _NO_OUTBOX_ROW: b"null",
        b"    from moved\n)": b"    from moved\n    on conflict do nothing\n)",
        b"    where announced\n)": b"    where announced\n    on conflict do nothing\n)",
    },
)

if __name__ == "__main__":
    claims.query = CLAIM  # type: ignore[assignment, attr-defined]  # a cached function
    claimed_rows.query = STORE  # type: ignore[assignment, attr-defined]  # a cached function
    main()
