"""The probes: whether the engine lives, and whether it can do its work."""

from collections.abc import Callable
from typing import Any, Protocol

import falcon
import msgspec

from fixengine.http.rest.operations import Operation
from fixengine.telemetry.health import Verdict


class Probes(Protocol):
    """What answers the probes; neither question waits for anything."""

    def live(self) -> Verdict:
        """Say whether this process should be left to live."""

    def ready(self) -> Verdict:
        """Say whether it can do its work now."""


class Probe:
    """One probe: 200 or 503, and the reasons as JSON."""

    def __init__(self, verdict: Callable[[], Verdict], *, summary: str) -> None:
        self._verdict = verdict
        self.operation = Operation(summary=summary, answer=dict[str, Any], alike=(503,))

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer from what is known already."""
        verdict = self._verdict()
        resp.status = 200 if verdict.ok else 503
        resp.cache_control = ["no-store"]
        resp.data = msgspec.json.encode(verdict.body)
