"""How long an engine may act on a proof that it lives, and when others may act in its place.

An engine lives as long as the database session that holds the lock of its number. A number is
never used again, so a lock that is free once stays free.

What an engine that lives has handed to its producer it never gives up. The producer sends it again
and again under the same number, of which the broker takes one, however late. A message that was
given up would not only be sent anew by whoever does not find it on the topic: with it the producer
begins to count anew, and sends all that waits for an answer under other numbers too. As it would do
the same after a refusal, a refusal ends it: all it has no answer for then counts as failed, and is
looked for after SETTLE.

Nothing can call back a message that is under way; so an engine which has had no proof for LEASE
hands over nothing more and stops its producer, and has done so after STOP; network and broker have
done with what was under way within SETTLE; and others wait for all three before they look at what
has reached the topic and publish the rest.
"""

LEASE = 10.0
"""Seconds after a proof within which a fill may be handed to the producer, and sent by it."""

STOP = 2.0
"""Seconds after the lease in which the producer is stopped."""

SETTLE = 3.0
"""Seconds in which a message of a producer that was stopped may still reach the topic."""

TAKE_OVER_AFTER = LEASE + STOP + SETTLE
"""Seconds that an engine's lock must have been free before others take over its fills."""

UNTOLD_AFTER = 5.0
"""Seconds after which a stored fill that is not on its way is looked for in the outbox."""

CLOCK_SKEW = 30.0
"""Seconds by which the clocks of database, engines and broker may differ."""
