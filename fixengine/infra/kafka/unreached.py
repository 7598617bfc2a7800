"""Why there is no connection to a broker, from a line of the driver's log."""

import re
from collections.abc import Collection
from dataclasses import dataclass

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


def _remedy(said: str, state: str, *, hung_up_after: int) -> str:
    lower = said.lower()
    for sign, remedy in _CAUSES.items():
        if sign in lower:
            return remedy
    at_once = state == "UP" and hung_up_after < _AT_ONCE
    if at_once or state in {"APIVERSION_QUERY", "SSL_HANDSHAKE"}:
        return "this port may want TLS or SASL: mend security.protocol in KAFKA_CLIENT_CONFIG"
    return ""
