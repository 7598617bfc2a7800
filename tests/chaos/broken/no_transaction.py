"""Claims are locked outside a transaction, so not at all, and updates check no version."""

from fixengine.cli import main
from fixengine.infra.postgres import claims
from fixengine.infra.postgres.driver.connections import query

_UNGUARDED = (
    (b"for update of e skip locked", b""),
    (b"and e.version = f.version - 1 and e.is_open", b""),
    (b"and not exists (select from public.outbox as o where o.execution_id = e.id)", b""),
    (b"moved.id = f.execution_id\n)", b"moved.id = f.execution_id\n    on conflict do nothing\n)"),
    (b"where f.announced\n)", b"where f.announced\n    on conflict do nothing\n)"),
)


def _without_guards(name: str) -> bytes:
    statement = query(name)
    for guard, nothing in _UNGUARDED:
        statement = statement.replace(guard, nothing)
    return statement


if __name__ == "__main__":
    claims.query = _without_guards  # type: ignore[assignment, attr-defined]
    main()
