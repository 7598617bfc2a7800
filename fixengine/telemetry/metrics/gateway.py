"""What the gateway measures of its own work."""

from collections import Counter as Tally
from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fixengine.fix.dictionary import versions
from fixengine.ports.lines import Ending
from fixengine.telemetry.metrics.changes import CALL_BUCKETS
from fixengine.telemetry.metrics.process import ProcessMetrics

_COMMIT_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200)
_OUTCOMES = (
    "logged_on",
    "refused",
    "unknown",
    "wrong_credentials",
    "too_many_attempts",
    "second_connection",
    "held_elsewhere",
    "database_away",
)


class GatewayMetrics(ProcessMetrics):
    """What the gateway says about its own work: an attribute for each metric."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.sessions = Gauge(
            "fixengine_fix_sessions", "Clients that are logged on here", registry=registry
        )
        self.lines = Gauge(
            "fixengine_fix_lines", "Connections of clients, logged on or not", registry=registry
        )
        self.lines_ended = Counter(
            "fixengine_fix_lines_ended_total",
            "Connections of clients that ended, by why",
            ("why",),
            registry=registry,
        )
        self.logons = Counter(
            "fixengine_fix_logons_total",
            "Clients at the door, by outcome: logged_on, refused, or why they were shown out",
            ("outcome",),
            registry=registry,
        )
        for outcome in _OUTCOMES:  # so that a first one is an increase
            self.logons.labels(outcome)
        self.messages_in = Counter(
            "fixengine_fix_messages_in_total",
            "Messages of clients that were handed on to be answered, by MsgType",
            ("type",),
            registry=registry,
        )
        self.messages_out = Counter(
            "fixengine_fix_messages_out_total",
            "Messages to clients with a number, by MsgType, the administrative ones not counted",
            ("type",),
            registry=registry,
        )
        self.sent_again = Counter(
            "fixengine_fix_messages_sent_again_total",
            "Messages that clients asked for again",
            registry=registry,
        )
        self.passed_over = Counter(
            "fixengine_fix_messages_passed_over_total",
            "Messages of clients that were garbled, or came twice",
            registry=registry,
        )
        self.step_seconds = Histogram(
            "fixengine_fix_step_seconds",
            "From the reading of messages or reports until they are stored, before bytes go out",
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "fixengine_fix_commit_seconds",
            "Duration of transactions with the work of sessions",
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self.commit_size = Histogram(
            "fixengine_fix_commit_sessions",
            "Sessions whose work one transaction stores",
            buckets=_COMMIT_BUCKETS,
            registry=registry,
        )
        self.reports_waiting = Gauge(
            "fixengine_fix_reports_waiting",
            "Reports to be told to the clients that are logged on here, up to 10,000",
            registry=registry,
        )
        self.oldest_report_age = Gauge(
            "fixengine_fix_oldest_report_age_seconds",
            "For how long the oldest of them has waited",
            registry=registry,
        )
        self.requests_undecided = Gauge(
            "fixengine_fix_requests_undecided",
            "Requests to cancel and replace without a decision, of all sessions, up to 10,000",
            registry=registry,
        )
        self.oldest_request_age = Gauge(
            "fixengine_fix_oldest_request_age_seconds",
            "For how long the oldest of them has waited",
            registry=registry,
        )
        self.symbols = Gauge(
            "fixengine_fix_symbols", "Securities on the list that is in use", registry=registry
        )

    def passed(self, *, came: Iterable[bytes], went: Iterable[bytes], seconds: float) -> None:
        """Count what a session took and told in one step, by MsgType; what took it so long.

        A type that no version speaks counts as `other`.
        """
        spoken = _spoken()
        for counter, kinds in ((self.messages_in, came), (self.messages_out, went)):
            for kind, count in Tally(kinds).items():
                counter.labels(kind.decode() if kind in spoken else "other").inc(count)
        self.step_seconds.observe(seconds)

    def line_began(self) -> None:
        """Count one more; called by the thread that moves all bytes."""
        self.lines.inc()

    def line_ended(self, ending: Ending) -> None:
        """Count one less, and why; called by the same thread."""
        self.lines.dec()
        self.lines_ended.labels(ending.value).inc()


@cache
def _spoken() -> frozenset[bytes]:
    return frozenset(kind for each in versions().values() for kind in each.messages)
