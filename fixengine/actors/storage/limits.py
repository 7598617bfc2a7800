"""How often the repository looks at its database, and how long it takes for what is refused."""

from dataclasses import dataclass

from fixengine.rules.take_over_times import LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageLimits:
    """All of them are seconds."""

    check_every: float = 2.0
    """From one look at the database to the next; each renews the engine's lease."""

    check_schema_every: float = 15.0
    """Between looks at a schema that nothing contradicts."""

    check_faults_every: float = 5.0
    """Between looks at a schema that was found wanting, or is contradicted."""

    check_refused_within: float = 1.0
    """Until the schema is looked at after it refused something: the look says more."""

    apart_within: float = 0.5
    """For trying apart what is refused together, orders or fills, while all else waits."""

    def __post_init__(self) -> None:
        if 2 * self.check_every >= LEASE:
            raise ValueError("one look that fails would end the lease")
        if not self.check_refused_within <= self.check_faults_every <= self.check_schema_every:
            raise ValueError("the more is wrong with a schema, the sooner it is looked at")
        if self.apart_within >= self.check_every:
            raise ValueError("what is tried apart would delay a look")


STORAGE_LIMITS = StorageLimits()
"""The limits of every engine."""
