"""How much is filled at a time, and how often: what the engine is built for, not an option."""

from dataclasses import dataclass, replace

from fixengine.rules.claim_window import SWEEP_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLimits:
    """The limits of a fill scheduler. Times are in seconds."""

    largest_claim: int = 800
    """Executions that one claim locks at the most."""

    apart: float = 0.015
    """Time from the beginning of one claim to that of the next, where the first had all that was
    due. What falls due meanwhile shares a transaction, a price call and a mark. Without such a
    pause a moderate load takes more of a core than a high one, and its executions wait longer.
    """

    furthest_apart: float = 0.25
    """The most that it grows to while little is due."""

    share_of_delay: float = 0.25
    """The part of the shortest delay between two fills that it never goes beyond."""

    always_apart: bool = False
    """Whether claims keep apart even where more is due than the last one had."""

    longest_sleep: float = SWEEP_EVERY
    """Time between two looks for due executions that other engines may have left. At rest each look
    is a sweep, too.
    """

    enough_unpublished: int = 3_000
    """Fills on their way to the broker at which no more are made, until fewer than half of them
    are left.
    """

    silence: float = 5.0
    """Time without an acknowledgement after which enough fills on their way are an outage."""

    def one_every(self, interval: float) -> "FillLimits":
        """Return the limits of an engine that evaluates one execution in each interval."""
        return replace(
            self, largest_claim=1, apart=interval, furthest_apart=interval, always_apart=True
        )

    def with_delay(self, shortest: float) -> "FillLimits":
        """Return the limits of an engine that fills what falls due after `shortest` seconds."""
        return replace(
            self, furthest_apart=min(self.furthest_apart, self.share_of_delay * shortest)
        )


FILL_LIMITS = FillLimits()
"""The limits of every engine."""

# a claim has to fit into the room that is there when filling goes on, or it would stop at once
assert FILL_LIMITS.largest_claim <= FILL_LIMITS.enough_unpublished // 2
assert FILL_LIMITS.apart < FILL_LIMITS.furthest_apart < FILL_LIMITS.longest_sleep
