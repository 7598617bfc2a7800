"""How long publishing waits for what: all times are in seconds, and a test gives its own."""

from dataclasses import dataclass

from fixengine.rules.take_over_times import SETTLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherLimits:
    """The times of a publisher and of its watches."""

    look_every: float = 2.0
    """Between two looks at the broker, and at what other engines left in the outbox."""

    broker_within: float = 1.0
    """The broker has so long to tell of its topics."""

    repository_within: float = 6.0
    """The repository has so long for each reply."""

    repository_within_in_a_stop: float = 1.0
    """The same, once the stop has begun."""

    drained_within: float = 2.5
    """A stop waits so long for deliveries. Another engine publishes what is left."""

    unanswered_for: float = 5.0
    """A fill may be in flight for so long before the broker counts as one that does not answer."""

    tail_silent_for: float = 20.0
    """The broker may bring nothing for so long while the end of the fills topic is read."""

    refused_for: float = 60.0
    """A refused fill that nobody has tried again for so long is another engine's by now."""

    def __post_init__(self) -> None:
        tried_again_after = SETTLE + self.look_every + self.tail_silent_for
        if self.refused_for <= tried_again_after:
            raise ValueError("a refused fill would be forgotten before it is tried again")
        if self.repository_within_in_a_stop >= self.drained_within:
            raise ValueError("one reply of the repository would take all the time of a stop")


PUBLISHER_LIMITS = PublisherLimits()
"""The limits of every engine's publisher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterLimits:
    """The times of the actor that writes dead letters."""

    idle_for: float = 60.0
    """The producer is kept for so long without a letter."""

    reread_within: float = 5.0
    """A record that is read again has so long to come."""


DEAD_LETTER_LIMITS = DeadLetterLimits()
"""The limits of every engine's dead letters."""
