"""What works and what doesn't, told to probes, logs and metrics in one place."""

from dataclasses import dataclass
from threading import Lock

from loguru import logger
from prometheus_client import Gauge

from fixengine.ports import ActorState, ActorTree

HUNG_AFTER = 60.0
"""Seconds with one message after which an actor counts as hung."""

PARTS = ("database", "schema", "broker", "consumer")
"""What readiness needs beside the actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A probe's answer: 200 or 503, and a body with the reasons."""

    ok: bool
    body: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    up: bool
    said: str


class Health:
    """A board the actors write to and probes read; no reader ever waits for a part."""

    def __init__(self, *, gauge: Gauge, tree: ActorTree, hung_after: float = HUNG_AFTER) -> None:
        self._gauge = gauge
        self._tree = tree
        self._hung_after = hung_after
        self._lock = Lock()
        self._draining = False
        self._parts = {part: _Part(up=False, said="not reached yet") for part in PARTS}
        for part in PARTS:
            gauge.labels(part).set(0)

    def up(self, part: str, note: str = "") -> None:
        """Say that a part works, with a note on anything worth knowing. Logs only a change."""
        with self._lock:
            before, self._parts[part] = self._parts[part], _Part(up=True, said=note)
        self._gauge.labels(part).set(1)
        if not before.up:
            logger.bind(part=part).info("part is up")
        if note and note != before.said:
            logger.bind(part=part, note=note).info("part says")

    def down(self, part: str, reason: str) -> None:
        """Say that a part is away, and why. Logs the start of an outage, not every retry."""
        with self._lock:
            before, self._parts[part] = self._parts[part], _Part(up=False, said=reason)
        self._gauge.labels(part).set(0)
        if before.up or before.said == "not reached yet":
            logger.bind(part=part, reason=reason).warning("part is down, waiting for it")

    def drain(self) -> None:
        """Be unready from now on: the process is going."""
        self._draining = True

    def ready(self) -> Verdict:
        """Say whether this engine can do its work now."""
        with self._lock:
            parts = dict(self._parts)
        actors = self._tree.snapshot()
        ok = (
            not self._draining
            and all(part.up for part in parts.values())
            and all(actor.state == "running" for actor in actors)
        )
        return Verdict(
            ok=ok,
            body={
                "ready": ok,
                "draining": self._draining,
                "parts": {name: {"up": part.up, "said": part.said} for name, part in parts.items()},
                "actors": [_described(actor) for actor in actors],
            },
        )

    def live(self) -> Verdict:
        """Say whether this process should be left to live: no actor hangs."""
        hung = self._tree.hung(self._hung_after)
        return Verdict(ok=not hung, body={"alive": not hung, "hung": list(hung)})


def _described(actor: ActorState) -> dict[str, object]:
    return {
        "name": actor.name,
        "state": actor.state,
        "restarts": actor.restarts,
        "mailbox": actor.mailbox_depth,
        "busy_for": actor.busy_for,
        "last_error": actor.last_error,
    }
