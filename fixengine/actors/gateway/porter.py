"""The porter: who may log on, by what a Logon shows."""

from fixengine.actors.gateway.credentials import shows_credentials
from fixengine.actors.gateway.live import LiveSessions
from fixengine.actors.gateway.messages import Admitted, Knocked
from fixengine.actors.gateway.way_out import WayOut
from fixengine.attempts import Attempts
from fixengine.config.fix_sessions import Agreement, Agreements
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.telemetry.metrics.gateway import GatewayMetrics


class Porter(Actor):
    """Shows out without a word who may not log on, and sends everybody else to the directory.

    It looks at one password at a time, as each takes CPU and memory, and at none of a client that
    has given up meanwhile. Nobody's time at the door runs out by that, and no more wait than there
    is room for at the door. Clients that are logged on, or whose session has to go to another
    gateway, wait for none of that.
    """

    def __init__(
        self,
        *,
        agreements: Agreements,
        live: LiveSessions,
        directory: ActorRef,
        metrics: GatewayMetrics,
    ) -> None:
        super().__init__()
        self._agreements = agreements
        self._sessions = live
        self._directory = directory
        self._attempts = Attempts()
        self._way_out = WayOut(metrics)

    def receive(self, message: Knocked) -> None:
        if message.line.is_gone:
            message.line.close()
            return
        identity = message.identity
        agreement = self._agreements.of(identity)
        live = self._sessions.all().get(identity)
        if agreement is None:
            self._way_out.show(message.line, identity, "unknown")
        elif live is not None and live.life.is_shown:
            self._way_out.show(message.line, identity, "second_connection")
        elif self._may_enter(agreement, message):
            tell(self._directory, Admitted(agreement=agreement, knocked=message))

    def close(self) -> None:
        for knocked in self.actor_inbox.waiting(Knocked):
            knocked.line.close()

    def _may_enter(self, agreement: Agreement, knocked: Knocked) -> bool:
        line = knocked.line
        right = self._attempts.is_right(
            line.address,
            lambda: shows_credentials(agreement, knocked.knock.logon, line.certificate_names),
        )
        for each in (knocked, *self.actor_inbox.waiting(Knocked)):  # all have waited for this
            each.line.wait_longer()
        if not right:
            outcome = "too_many_attempts" if right is None else "wrong_credentials"
            self._way_out.show(line, agreement.identity, outcome)
        return bool(right)
