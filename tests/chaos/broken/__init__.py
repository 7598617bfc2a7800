"""Engines broken on purpose, as the service that this engine replaces was: the run must see it."""

VARIANTS = ("early_offsets", "no_outbox", "no_transaction")


def program(variant: str | None) -> str:
    """Return the module to run: the engine itself, or a broken one."""
    return "fixengine" if variant is None else f"{__name__}.{variant}"
