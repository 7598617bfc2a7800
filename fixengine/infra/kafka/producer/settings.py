"""How a producer is set: what keeps each message once, what dead letters need otherwise."""

from collections.abc import Mapping
from typing import Any

from fixengine.rules.take_over_times import TAKE_OVER_AFTER

LETTER_WITHIN = 30.0
"""Seconds after which a producer of dead letters, or of what is replayed, gives up a message."""

_SETTINGS: dict[str, Any] = {
    "enable.idempotence": True,
    "acks": "all",
    # one request is for one partition: with fewer, a claim's fills for twenty partitions wait for
    # each other; `failure` finds out what the broker wrongly takes for a repetition
    "max.in.flight": 5,
    "message.timeout.ms": 2**31 - 1,  # no message is ever given up: see take_over_times.py
    # without it, a refusal makes librdkafka send all unanswered messages under other numbers
    "enable.gapless.guarantee": True,
    "socket.timeout.ms": 5_000,  # a connection that is dead but not closed is found out
    "linger.ms": 1,  # a claim's fills come at once; others gather while a request is under way
    "queue.buffering.max.kbytes": 16_384,
    "topic.metadata.refresh.interval.ms": 10_000,
}

_OF_LETTERS: dict[str, Any] = {
    # a letter may be there twice: one that does not get through may be given up and sent again
    "message.timeout.ms": int(LETTER_WITHIN * 1000),
    "enable.gapless.guarantee": False,
    "socket.timeout.ms": 20_000,
    "topic.metadata.propagation.max.ms": 2_000,
    # a compressed order may have been small on its way here: its letter is compressed, too
    "compression.type": "gzip",
    "message.max.bytes": 1_000_000_000,
    "queue.buffering.max.kbytes": 2_097_151,
}

_OF_CONSUMERS = frozenset(
    {
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "max.poll.interval.ms",
        "group.instance.id",
        "fetch.wait.max.ms",
        "fetch.min.bytes",
        "fetch.message.max.bytes",
        "fetch.max.bytes",
        "queued.min.messages",
        "queued.max.messages.kbytes",
        "isolation.level",
        "check.crcs",
    }
)
"""What KAFKA_CLIENT_CONFIG may hold for consumers: a producer would log a warning about each."""

# nothing is given up before others would take it over
assert _SETTINGS["message.timeout.ms"] > TAKE_OVER_AFTER * 1000

# a connection that is dead but not closed is found out before a letter is given up
assert _OF_LETTERS["socket.timeout.ms"] < _OF_LETTERS["message.timeout.ms"]


def producer_settings(connection: Mapping[str, Any], *, of_letters: bool = False) -> dict[str, Any]:
    """Return what to make a producer with that connects so; `of_letters`: one of dead letters."""
    return {
        **_SETTINGS,
        **(_OF_LETTERS if of_letters else {}),
        **without_consumers(connection),
    }


def without_consumers(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are not for consumers alone."""
    return {name: value for name, value in connection.items() if name not in _OF_CONSUMERS}
