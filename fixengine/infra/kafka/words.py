"""What a broker or its driver says, in words that name the remedy."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from confluent_kafka import KafkaError

_GROUP = "allow this user READ on the group {group}"
_REFUSALS: dict[int, str] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: (
        "the topic {topic} may not be read: allow this user READ and DESCRIBE on it"
    ),
    KafkaError.GROUP_AUTHORIZATION_FAILED: f"the group may not be joined: {_GROUP}",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: f"the cluster refuses this user: {_GROUP}",
    KafkaError.INCONSISTENT_GROUP_PROTOCOL: (
        "the group {group} has members with another protocol: end them, or give this engine a "
        "KAFKA_CONSUMER_GROUP of its own"
    ),
    KafkaError.INVALID_GROUP_ID: "the broker takes no group {group}: mend KAFKA_CONSUMER_GROUP",
    KafkaError.GROUP_MAX_SIZE_REACHED: (
        "the group {group} is full: start fewer engines, or raise the broker's group.max.size"
    ),
    KafkaError.INVALID_SESSION_TIMEOUT: (
        "the broker refuses the session timeout: give KAFKA_CLIENT_CONFIG a session.timeout.ms "
        "from group.min.session.timeout.ms to group.max.session.timeout.ms"
    ),
    KafkaError.UNSUPPORTED_VERSION: (
        "the broker is of a version that the engine can't work with: use Kafka 2.4 or newer"
    ),
    KafkaError.TOPIC_EXCEPTION: ("the broker takes no topic {topic}: mend KAFKA_ORDERS_TOPIC"),
    KafkaError.FENCED_INSTANCE_ID: (
        "another member of the group {group} has this engine's group.instance.id: give each "
        "engine its own in KAFKA_CLIENT_CONFIG, or none"
    ),
}

_NO_TOPIC = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - its name
}
_SILENT = {
    KafkaError._TRANSPORT,  # noqa: SLF001 - its name
    KafkaError._TIMED_OUT,  # noqa: SLF001 - its name
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - its name
}

_NO_PROOF = "there was no proof that no other engine has taken it over"
_UNWRITTEN: dict[int, str] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "this user may not write to it: allow WRITE",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this user may write to no topic: allow WRITE",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "there is no such topic",
    KafkaError._UNKNOWN_TOPIC: "there is no such topic",  # noqa: SLF001 - its name
    KafkaError._UNKNOWN_PARTITION: "there is no such topic or partition",  # noqa: SLF001 - as above
    KafkaError._PURGE_QUEUE: _NO_PROOF,  # noqa: SLF001 - as above
    KafkaError._PURGE_INFLIGHT: _NO_PROOF,  # noqa: SLF001 - as above
    KafkaError.INVALID_RECORD: (
        "the broker refuses the record: it has no key and the topic is compacted, or its time is "
        "too far from the topic's: look at cleanup.policy and message.timestamp.*, and the clocks"
    ),
    KafkaError.INVALID_TIMESTAMP: (
        "the broker refuses the record's time: look at message.timestamp.* of the topic, and at "
        "the clocks"
    ),
    KafkaError._MSG_TIMED_OUT: "the broker has not acknowledged it in time",  # noqa: SLF001 - as above
}

_FAILURE = re.compile(
    r"(?:\w+://)?(?P<address>[^/\s]+)/(?P<node>\w+): (?P<what>.*?)"
    r"(?: \(after (?P<ms>\d+)ms in state (?P<state>\w+).*\))?"
)
_GUESS = ": probably due to broker version"
"""Where a broker has only been silent, the driver guesses wrongly."""

_CONNECT = re.compile(r"Connect to \S+ failed: (.*)")
_AT_ONCE = 1_000
"""Milliseconds within which a broker hangs up that is asked without the user it wants."""

_CAUSES = {
    "not valid in current sasl state": (
        "the broker wants no SASL at this port: mend security.protocol in KAFKA_CLIENT_CONFIG"
    ),
    "mechanism": (
        "the broker does not take this SASL mechanism: mend sasl.mechanism in KAFKA_CLIENT_CONFIG"
    ),
    "sasl": (
        "the broker refuses this user: mend sasl.username and sasl.password in KAFKA_CLIENT_CONFIG"
    ),
    "verify failed": (
        "the broker's certificate is not trusted: let ssl.ca.location in KAFKA_CLIENT_CONFIG name "
        "the authority that signed it, and see that it is made out to this address and valid today"
    ),
    "alert": (
        "the broker refuses this client's certificate: mend ssl.certificate.location and "
        "ssl.key.location in KAFKA_CLIENT_CONFIG"
    ),
    "timed out": "connections are taken there and nothing is answered: the broker may hang",
    "invalid response size": (
        "what answers there is no broker, or wants TLS: mend KAFKA_BROKERS, or security.protocol "
        "in KAFKA_CLIENT_CONFIG"
    ),
    "ssl": "this port may not speak TLS: mend security.protocol in KAFKA_CLIENT_CONFIG",
    "resolve": "nobody knows this host",
}
"""Signs in what is said, the more telling first, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Why there is no connection to an address; `node` is its broker's number, None if unknown."""

    address: str
    node: int | None
    said: str
    remedy: str

    def words(self, configured: Collection[str]) -> str:
        """Say it, with what to do about it; `configured` are the addresses of KAFKA_BROKERS."""
        if self.node is None or self.address in configured:
            parts = [f"{self.address} can't be used", self.said, self.remedy]
        else:
            remedy = self.remedy or "let its advertised.listeners name one that engines can reach"
            said = f"broker {self.node} advertises {self.address}, which can't be used"
            parts = [said, self.said, remedy]
        return ": ".join(filter(None, parts))


def unreached(line: str) -> Unreached | None:
    """Read a line of the driver's log that says why a connection failed; None if it is another."""
    match = _FAILURE.fullmatch(line)
    if match is None:
        return None
    said, node = match["what"], match["node"]
    connect = _CONNECT.fullmatch(said)
    return Unreached(
        address=match["address"],
        node=int(node) if node.isdigit() else None,
        said=connect[1] if connect else said.partition(_GUESS)[0].strip(),
        remedy=_remedy(said, match["state"] or "", hung_up_after=int(match["ms"] or 0)),
    )


def refusal(code: int, said: str, *, group: str, topic: str) -> str | None:
    """Return why the group or the topic can't be had, None when the error may pass by itself."""
    words = _REFUSALS.get(code)
    return None if words is None else f"{words.format(group=group, topic=topic)} ({said})"


def unreadable(code: int, said: str, *, topic: str, silence: str = "") -> str:
    """Return why a topic can't be read by nobody's group; `silence`: why no broker answers."""
    if code in _NO_TOPIC:
        return f"there is no topic {topic}"
    if silence and code in _SILENT:
        return f"the broker does not answer: {silence}"
    refused = code == KafkaError.TOPIC_AUTHORIZATION_FAILED
    words = refusal(code, said, group="", topic=topic) if refused else None
    return words or f"the topic {topic} can't be read: {said}"


def unread(said: str, *, place: str) -> str:
    """Return why nothing is read of a partition from a place on, and what to do."""
    return (
        f"nothing is read from {place} on: {said}: where this does not pass, records there are "
        "damaged: delete them by kafka-delete-records.sh, up to the first that is sound"
    )


def unwritten(code: int) -> str | None:
    """Return why a message is not in its topic, None where the broker's own words have to do."""
    return _UNWRITTEN.get(code)


def _remedy(said: str, state: str, *, hung_up_after: int) -> str:
    lower = said.lower()
    for sign, remedy in _CAUSES.items():
        if sign in lower:
            return remedy
    at_once = state == "UP" and hung_up_after < _AT_ONCE
    if at_once or state in {"APIVERSION_QUERY", "SSL_HANDSHAKE"}:
        return "this port may want TLS or SASL: mend security.protocol in KAFKA_CLIENT_CONFIG"
    return ""
