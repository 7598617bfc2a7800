"""How often a look may be taken that costs more, the longer the database is not cleaned up."""

_REST = 40.0
LONGEST_REST = 300.0
"""Seconds after which a look is taken again, whatever it costs."""


def rest_after(seconds: float) -> float:
    """Return the seconds to rest from a look that took so long: looks get 1/40 of the time."""
    return min(_REST * seconds, LONGEST_REST)
