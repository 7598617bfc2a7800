"""What the gateway measures of its own work."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fixengine.ports.lines import Ending
from fixengine.telemetry.metrics.changes import CALL_BUCKETS, ChangeMetrics

_COMMIT_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200)


class GatewayMetrics(ChangeMetrics):
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
        self.messages_in = Counter(
            "fixengine_fix_messages_in_total",
            "Messages of clients that were handed on to be answered",
            registry=registry,
        )
        self.messages_out = Counter(
            "fixengine_fix_messages_out_total",
            "Messages to clients that have a number, the administrative ones not counted",
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
        self.log_lines_lost = Counter(
            "fixengine_log_lines_lost_total",
            "Lines of the log that were lost because nobody could read them",
            registry=registry,
        )
        self.up = Gauge(
            "fixengine_up",
            "Whether a part the gateway needs is there: 1 or 0",
            ("part",),
            registry=registry,
        )

    def line_began(self) -> None:
        """Count one more; called by the thread that moves all bytes."""
        self.lines.inc()

    def line_ended(self, ending: Ending) -> None:
        """Count one less, and why; called by the same thread."""
        self.lines.dec()
        self.lines_ended.labels(ending.value).inc()
