"""How long an engine may act on a proof that it lives, and when others may act in its place.

An engine lives as long as the database session that holds the lock of its number. A number is
never used again, so a lock that is free once stays free.

An engine that lives gives up no message that it has handed to its producer. The producer sends the
message again and again under the same number, and the broker takes one of them, however late. If
the producer gave a message up, whoever does not find it on the topic would send it anew. Worse: the
producer would begin to count anew, and would send all its unanswered messages under new numbers. As
it does so after a refusal too, a refusal ends the producer: its unanswered messages count as
failed, and are looked for on the topic after SETTLE.

Nothing can call back a message that is under way. So others wait for three things before they look
at what has reached the topic, and publish the rest:

1. LEASE: an engine that has had no proof for so long hands nothing more to its producer;
2. STOP: the engine has stopped its producer;
3. SETTLE: network and broker have finished with what was under way.
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
"""Seconds after which an engine looks in the outbox for stored fills that it does not send yet."""

CLOCK_SKEW = 30.0
"""Seconds by which the clocks of database, engines and broker may differ."""

assert UNTOLD_AFTER < TAKE_OVER_AFTER, "an engine finds its own fills before others take them over"
