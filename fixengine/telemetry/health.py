"""What works and what doesn't, told to probes, logs and metrics in one place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from math import inf
from threading import Lock
from time import monotonic

from loguru import logger
from prometheus_client import Gauge

from fixengine.ports.tree import ActorState, ActorTree
from fixengine.secrets import known
from fixengine.supervision.child import Stage

HUNG_AFTER = 60.0
"""Seconds with one message after which an actor counts as hung."""


class Part(StrEnum):
    """What readiness needs beside the actors; its name on /readyz, in metrics and in the log."""

    DATABASE = "database"
    SCHEMA = "schema"
    BROKER = "broker"
    CONSUMER = "consumer"
    STORING = "storing"
    FILLING = "filling"
    DEAD_LETTERS = "dead_letters"
    SYMBOLS = "symbols"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The parts that a process needs: those that have to be reached first are down until then.

    The others are up until they are held up.
    """

    reached: tuple[Part, ...]
    held_up: tuple[Part, ...] = ()


ENGINE_NEEDS = Needs(
    reached=(Part.DATABASE, Part.SCHEMA, Part.BROKER, Part.CONSUMER),
    held_up=(Part.STORING, Part.FILLING, Part.DEAD_LETTERS),
)

GATEWAY_NEEDS = Needs(reached=(Part.DATABASE, Part.SCHEMA, Part.SYMBOLS))

HELD_UP_AFTER = 5.0
"""Seconds that work may wait before its part counts as down."""

_UNREACHED = "not reached yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A probe's answer: 200 or 503, and a body with the reasons."""

    ok: bool
    body: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What was said of a part last; both times are monotonic. `new`: no outage was logged yet.

    `waits` has the reason of each thing that waits.
    """

    up: bool
    said: str
    waits: Mapping[str, str] = field(default_factory=dict)
    waits_since: float | None = None
    until: float = inf
    new: bool = False


class Health:
    """A board the actors write to and probes read; no reader ever waits for a part."""

    def __init__(
        self,
        *,
        gauge: Gauge,
        tree: ActorTree,
        needs: Needs = ENGINE_NEEDS,
        hung_after: float = HUNG_AFTER,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._tree = tree
        self._hung_after = hung_after
        self._clock = clock
        self._lock = Lock()
        self._draining = False
        self._parts = {part: _Said(up=True, said="") for part in needs.held_up}
        self._parts |= {part: _Said(up=False, said=_UNREACHED, new=True) for part in needs.reached}
        for part in (part for part in Part if part in self._parts):
            gauge.labels(part.value).set_function(partial(self._is_up, part))

    def up(self, part: Part, note: str = "", *, lasts: float = inf) -> None:
        """Say that a part works, with a note on anything worth knowing. Logs only a change.

        If it is not said again within `lasts` seconds the part counts as down.
        """
        now = _Said(up=True, said=note, until=self._clock() + lasts)
        with self._lock:
            before, self._parts[part] = self._parts[part], now
        if not before.up:
            logger.bind(part=part.value).info("part is up")
        if note and note != before.said:
            logger.bind(part=part.value, note=note).info("part says")

    def waits(self, part: Part, reason: str, *, what: str = "") -> None:
        """Say that a part's work waits, and why: after HELD_UP_AFTER seconds it counts as down.

        `what` tells things apart that wait at the same time. `goes_on` ends the wait of one, `up`
        that of all. Logs nothing: whoever waits says so.
        """
        with self._lock:
            before = self._parts[part]
            since = self._clock() if before.waits_since is None else before.waits_since
            waits = {**before.waits, what: reason}
            self._parts[part] = replace(before, said=reason, waits=waits, waits_since=since)

    def goes_on(self, part: Part, *, what: str = "") -> None:
        """Say that one thing waits no longer. The part works if nothing else waits."""
        with self._lock:
            before = self._parts[part]
            waits = {other: reason for other, reason in before.waits.items() if other != what}
            if waits:
                said = next(reversed(waits.values()))
                self._parts[part] = replace(before, said=said, waits=waits)
            elif before.waits:
                self._parts[part] = _Said(up=before.up, said="")

    def down(self, part: Part, reason: str) -> None:
        """Say that a part is away, and why. Logs the start of an outage, not every retry."""
        with self._lock:
            before, self._parts[part] = self._parts[part], _Said(up=False, said=reason)
        if before.up or before.new:
            logger.bind(part=part.value, reason=reason).warning("part is down, waiting for it")

    def drain(self) -> None:
        """Be unready from now on: the process is going."""
        self._draining = True

    def ready(self) -> Verdict:
        """Say whether this process can do its work now."""
        parts = {part: self._is_up(part) for part in Part if part in self._parts}
        actors = self._tree.snapshot()
        ok = (
            not self._draining
            and all(parts.values())
            and all(actor.state == Stage.RUNNING for actor in actors)
        )
        said = {part.value: {"up": up, "said": self._said(part)} for part, up in parts.items()}
        return Verdict(
            ok=ok,
            body={
                "ready": ok,
                "draining": self._draining,
                "parts": said,
                "actors": [_described(actor) for actor in actors],
            },
        )

    def live(self) -> Verdict:
        """Say whether this process should be left to live: no actor hangs."""
        hung = self._tree.hung(self._hung_after)
        return Verdict(ok=not hung, body={"alive": not hung, "hung": list(hung)})

    def _is_up(self, part: Part) -> bool:
        said = self._parts[part]
        waited = 0 if said.waits_since is None else self._clock() - said.waits_since
        return said.up and waited < HELD_UP_AFTER and self._clock() < said.until

    def _said(self, part: Part) -> str:
        said = self._parts[part]
        if said.up and self._clock() >= said.until:
            return "nothing was heard of it lately: the actor that sees to it is held up"
        return known.hide(said.said)


def _described(actor: ActorState) -> dict[str, object]:
    return {
        "name": actor.name,
        "state": actor.state,
        "restarts": actor.restarts,
        "mailbox": actor.mailbox_depth,
        "busy_for": actor.busy_for,
        "last_error": None if actor.last_error is None else known.hide(actor.last_error),
    }
