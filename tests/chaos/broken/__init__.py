"""Engines broken on purpose: the run must notice each."""

from collections.abc import Callable, Mapping

from fixengine.infra.postgres.statements import query

VARIANTS = (
    "early_offsets",
    "forgotten_keys",
    "no_outbox",
    "no_transaction",
    "nobodys_sessions",
    "numbers_alone",
    "sent_too_soon",
    "unguarded_changes",
)


def program(variant: str | None) -> str:
    """Return the module to run: the engine itself, or a broken one."""
    return "fixengine" if variant is None else f"{__name__}.{variant}"


def broken(statement: str, changes: Mapping[bytes, bytes]) -> Callable[[str], bytes]:
    """Return a `query` that changes one statement, which must have all that is to be changed."""
    text = query(statement)
    for guard, instead in changes.items():
        assert guard in text, f"{statement}.sql has no {guard!r} any more"
        text = text.replace(guard, instead)
    return lambda name: text if name == statement else query(name)
