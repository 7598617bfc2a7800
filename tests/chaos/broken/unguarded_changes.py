"""Changes lock nothing, and overwrite whatever has become of an execution meanwhile."""

from fixengine.cli import main
from fixengine.infra.postgres import changes
from tests.chaos.broken import broken

_NO_OUTBOX_ROW = b"(select o.fill_number from public.outbox as o where o.execution_id = e.id)"
_STORED = b"    from moved\n),\ntold"
_TO_PUBLISH = b"    where announced\n)"

LOCK = broken("lock_changing", {b"for update of e": b""})
STORE = broken(
    "store_changes",
    {
        b"e.ctid = c.place": b"e.id = c.execution_id",
        b"case when e.is_open and e.version = c.version - 1 then e.id end": b"e.id",
        _NO_OUTBOX_ROW: b"null",
        _STORED: _STORED.replace(b"moved", b"moved on conflict do nothing"),
        _TO_PUBLISH: _TO_PUBLISH.replace(b"announced", b"announced on conflict do nothing"),
    },
)


def unguarded(name: str) -> bytes:
    """Return a statement without its guards."""
    return STORE(name) if name == "store_changes" else LOCK(name)


if __name__ == "__main__":
    changes.query = unguarded  # type: ignore[assignment, attr-defined]  # a cached function
    main()
