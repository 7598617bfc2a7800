"""How many restarts of actors are too many, and how long each waits."""

from fixengine.supervision.restarts import Backoff, RestartBudget, RestartIntensity

RESTARTS = RestartIntensity(max_restarts=10, period=60.0)
"""A crash that a bad moment causes is over after a restart or two, even when it hits each of the
ten actors once. What still crashes after that is a bug, which no restart mends: the process ends
and says why, and Kubernetes starts it again with all its state new.
"""

BACKOFF = Backoff(first=0.1, cap=5.0)
"""Hardly anybody notices the first restarts; the later ones leave neighbours time to recover."""

# An actor that crashes as soon as it runs must use up its restarts within the period: otherwise
# it would crash for ever.
assert sum(map(BACKOFF.longest, range(1, RESTARTS.max_restarts + 1))) < RESTARTS.period


def restart_budget() -> RestartBudget:
    """Return a budget of which nothing is spent."""
    return RestartBudget(intensity=RESTARTS, backoff=BACKOFF)
