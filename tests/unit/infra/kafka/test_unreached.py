"""What the driver says of a broker is told with the address, the cause and the remedy."""

import pytest

from fixengine.infra.kafka.unreached import unreached

KNOWN = frozenset({"kafka:9092"})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            (
                "kafka:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused "
                "(after 0ms in state CONNECT, 5 identical error(s) suppressed)"
            ),
            "kafka:9092 can't be used: Connection refused",
        ),
        (
            (
                "pod-1.local:9093/7: Connect to ipv4#10.0.0.1:9093 failed: Connection refused "
                "(after 0ms in state CONNECT)"
            ),
            (
                "broker 7 advertises pod-1.local:9093, which can't be used: Connection refused: "
                "let its advertised.listeners name one that engines can reach"
            ),
        ),
        (
            (
                "kafka:9092/7: Connect to ipv4#10.0.0.1:9093 failed: Connection refused "
                "(after 0ms in state CONNECT)"
            ),
            "kafka:9092 can't be used: Connection refused",
        ),
        (
            (
                "nosuch:9092/bootstrap: Failed to resolve 'nosuch:9092': Name or service not known "
                "(after 0ms in state CONNECT)"
            ),
            "nobody knows this host",
        ),
        (
            (
                "sasl_plaintext://kafka:9092/bootstrap: SASL authentication error: Authentication "
                "failed: Invalid username or password (after 302ms in state AUTH_REQ)"
            ),
            "sasl.username",
        ),
        (
            (
                "sasl_plaintext://kafka:9092/bootstrap: SASL SCRAM-SHA-256 mechanism handshake "
                "failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: PLAIN "
                "(after 302ms in state AUTH_HANDSHAKE)"
            ),
            "sasl.mechanism",
        ),
        (
            (
                "sasl_plaintext://kafka:9092/bootstrap: SASL PLAIN mechanism handshake failed: "
                "Broker: Request not valid in current SASL state: broker's supported mechanisms:  "
                "(after 2ms in state AUTH_HANDSHAKE)"
            ),
            "wants no SASL at this port",
        ),
        (
            (
                "kafka:9092/bootstrap: Disconnected while requesting ApiVersion: might be caused "
                "by incorrect security.protocol configuration (connecting to a SSL listener?) or "
                "broker version is < 0.10 (see api.version.request) "
                "(after 10ms in state APIVERSION_QUERY)"
            ),
            "this port may",
        ),
        (
            (
                "kafka:9092/bootstrap: ApiVersionRequest failed: Local: Timed out: probably due to "
                "broker version < 0.10 (see api.version.request configuration) "
                "(after 10004ms in state APIVERSION_QUERY)"
            ),
            (
                "kafka:9092 can't be used: ApiVersionRequest failed: Local: Timed out: connections "
                "are taken there and nothing is answered: the broker may hang"
            ),
        ),
        (
            (
                "kafka:9092/bootstrap: Receive failed: Invalid response size 1213486160 "
                "(0..100000000): increase receive.message.max.bytes "
                "(after 3ms in state APIVERSION_QUERY)"
            ),
            "what answers there is no broker, or wants TLS",
        ),
        (
            (
                "kafka:9092/bootstrap: Disconnected: connection closed by peer: receive 0 after "
                "POLLIN (after 0ms in state UP, 1 identical error(s) suppressed)"
            ),
            "this port may want TLS or SASL",
        ),
        (
            (
                "kafka:9092/bootstrap: Disconnected: connection closed by peer: receive 0 after "
                "POLLIN (after 4057ms in state UP)"
            ),
            "receive 0 after POLLIN",
        ),
        (
            (
                "ssl://kafka:9092/bootstrap: SSL handshake failed: Disconnected: SSL connection "
                "closed by peer: connecting to a PLAINTEXT broker listener? (after 7ms in state "
                "SSL_HANDSHAKE)"
            ),
            "may not speak TLS",
        ),
        (
            (
                "ssl://kafka:9092/bootstrap: SSL handshake failed: error:0A000086:SSL "
                "routines::certificate verify failed: broker certificate could not be verified "
                "(after 8ms in state SSL_HANDSHAKE)"
            ),
            "ssl.ca.location",
        ),
        (
            (
                "ssl://kafka:9092/1: SSL handshake failed: error:0A000412:SSL routines::ssl/tls "
                "alert bad certificate (after 8ms in state SSL_HANDSHAKE)"
            ),
            "ssl.certificate.location",
        ),
    ],
)
def test_a_failure_is_told_with_its_remedy(line: str, words: str) -> None:
    failed = unreached(line)
    assert failed is not None
    assert words in failed.words(KNOWN)


def test_other_lines_are_no_failures() -> None:
    assert unreached("Topic orders partition count changed from 2 to 0") is None
