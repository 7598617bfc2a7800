"""How long an engine may act on a proof that it lives, and when others may act in its place.

An engine lives as long as the database session that holds the lock of its number. A number is
never used again, so a lock that is free once stays free. Nothing can call back a message that a
frozen engine has handed to its producer; so each message is handed over within LEASE of a proof,
the producer gives it up after DELIVERY, the network and the broker have done with it within SETTLE,
and others wait for all three before they look at what has reached the topic and publish the rest.
The engine itself looks for a fill again only when its message has settled.
"""

LEASE = 4.0
"""Seconds after a proof within which a fill may be handed to the producer."""

DELIVERY = 8.0
"""Seconds after which the producer gives up a message that was not acknowledged."""

SETTLE = 3.0
"""Seconds in which a message that was given up may still reach the topic.

A producer looks at the age of its messages once a second, so it has two at the most to travel.
"""

TAKE_OVER_AFTER = LEASE + DELIVERY + SETTLE
"""Seconds that an engine's lock must have been free before others take over its fills."""

UNTOLD_AFTER = 5.0
"""Seconds after which a stored fill that is not on its way is looked for in the outbox."""

CLOCK_SKEW = 30.0
"""Seconds by which the clocks of database, engines and broker may differ."""
