"""What the actors of every process have in common: a supervisor's tree, and their health."""

from collections.abc import Mapping
from typing import TypeVar

from prometheus_client import Gauge

from fixengine.supervision.child import ChildSpec, StartChild
from fixengine.supervision.tree import Tree
from fixengine.telemetry.health import Health, Needs, Part

BOOT_WITHIN = 10.0
"""Seconds for an actor to boot; none waits for anything outside meanwhile."""

_Name = TypeVar("_Name", bound=str)


class Family:
    """The children of a supervisor; `tree` says what runs, `health` whether it works.

    `starts` makes them, in order of dependency. `stop_shares` are the seconds for each to stop.
    A child that is at one message for `hung_after` seconds hangs.
    """

    def __init__(
        self,
        starts: Mapping[_Name, StartChild],
        *,
        stop_shares: Mapping[_Name, float],
        needs: Needs,
        up: Gauge,
        hung_after: float,
    ) -> None:
        self.tree = Tree(
            ChildSpec(
                name=str(name),
                start=start,
                boot_timeout=BOOT_WITHIN,
                stop_timeout=stop_shares[name],
            )
            for name, start in starts.items()
        )
        self.health = Health(gauge=up, tree=self.tree, needs=needs, hung_after=hung_after)

    def _schema_migrates(self, what: str) -> None:
        self.health.down(Part.SCHEMA, what)
        self.health.up(Part.DATABASE)

    def _schema_mends(self, what: str) -> None:
        self.health.waits(Part.SCHEMA, what)
