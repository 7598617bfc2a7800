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
        assert 2 * self.check_every < LEASE, "one look that fails must not end the lease"
        assert self.check_refused_within <= self.check_faults_every <= self.check_schema_every
        assert self.apart_within < self.check_every, "what is tried apart must not delay a look"
