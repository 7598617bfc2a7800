"""The supervisor: starts the children in order, restarts what crashed, stops in reverse.

Strategy rest-for-one: a child that ends takes the later ones along, so that none of them keeps a
reference to a former incarnation. All waits are messages to itself; it blocks only while a child
stops, and no longer than that child's deadline.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from types import MappingProxyType
from typing import assert_never

from loguru import logger

from fixengine.errors import StartError
from fixengine.supervision.actor import Actor
from fixengine.supervision.child import SUPERVISOR, Stage, Supervised
from fixengine.supervision.lifecycle import (
    Boot,
    Booted,
    BootExpired,
    Exited,
    RestartDue,
    Shutdown,
    StartChildren,
    SupervisorMessage,
)
from fixengine.supervision.reply import Reply
from fixengine.supervision.restarts import Restart, RestartBudget
from fixengine.supervision.stopping import UNHURRIED, stop_from
from fixengine.supervision.timers import Timer
from fixengine.supervision.tree import Tree


class _Phase(Enum):
    NEW = auto()
    STARTING = auto()
    UP = auto()
    DOWN = auto()


class Supervisor(Actor):
    """Keeps the children of a tree running, or says that it can't.

    `on_escalation` is called once at most, in the supervisor's thread, with a sentence. All
    children are stopped by then, but for those that ignored it.
    """

    def __init__(
        self, *, tree: Tree, budget: RestartBudget, on_escalation: Callable[[str], object]
    ) -> None:
        super().__init__()
        self._tree = tree
        self._budget = budget
        self._on_escalation: Callable[[str], object] | None = on_escalation
        self._phase = _Phase.NEW
        self._started = Reply[None]()
        self._timer: Timer | None = None  # of the one boot or back-off in progress
        tree.watch(self.actor_inbox)
        self.actor_ref.tell(Boot(name=SUPERVISOR, on_exit=self._ended))

    def receive(self, message: SupervisorMessage) -> object:
        """Handle one message."""
        match message:
            case StartChildren():
                return message.answer(self._start_children())
            case Shutdown(within=within):
                return message.answer(self._take_down("the supervisor was shut down", within))
            case Booted(ref=ref):
                self._booted(self._tree.find(ref))
            case BootExpired(ref=ref):
                self._boot_expired(self._tree.find(ref))
            case Exited(ref=ref, crash=crash):
                self._exited(self._tree.find(ref), crash)
            case RestartDue(position=position):
                self._restart_due(self._tree.children[position])
            case _:
                assert_never(message)
        return None

    def close(self) -> None:
        """Leave no child behind."""
        self._take_down("the supervisor ended", math.inf)

    def _ended(self, crash: BaseException | None) -> None:
        if crash is not None:
            self._escalate(f"the supervisor crashed: {_describe(crash)}")

    def _start_children(self) -> Reply[None]:
        if self._phase is _Phase.NEW:
            self._phase = _Phase.STARTING
            self._start_from(0)
        return self._started

    def _start_from(self, position: int) -> None:
        """Start the next child; when it has booted, the one after it follows."""
        for child in self._tree.children[position:]:
            if child.state is Stage.NEW or child.spec.restart is not Restart.TEMPORARY:
                self._start(child)
                return
            self._tree.put(replace(child, state=Stage.DONE))
        logger.info("all actors run")
        if self._phase is _Phase.STARTING:
            self._phase = _Phase.UP
            self._started.set(None)

    def _start(self, child: Supervised) -> None:
        earlier = {c.spec.name: c.ref for c in self._tree.children if c.ref is not None}
        restarts = child.restarts + (child.state is not Stage.NEW)
        child = replace(child, state=Stage.BOOTING, restarts=restarts)
        self._tree.put(child)
        try:
            ref = child.spec.start(MappingProxyType(earlier))
            ref.tell(
                Boot(
                    name=child.spec.name,
                    on_ready=lambda: self._tell_self(Booted(ref=ref)),
                    on_exit=lambda crash: self._tell_self(Exited(ref=ref, crash=crash)),
                )
            )
        except BaseException as error:  # noqa: BLE001  whatever it is, only the start failed
            logger.bind(actor=child.spec.name).opt(exception=error).error("actor not created")
            self._boot_failed(child, _describe(error))
        else:
            self._tree.put(replace(child, ref=ref))
            self._timer = self.tell_later(child.spec.boot_timeout, BootExpired(ref=ref))

    def _booted(self, child: Supervised | None) -> None:
        if child is not None and child.state is Stage.BOOTING:
            self._stop_waiting()
            self._tree.put(replace(child, state=Stage.RUNNING))
            self._start_from(child.position + 1)

    def _boot_expired(self, child: Supervised | None) -> None:
        if child is not None and child.state is Stage.BOOTING:
            self._boot_failed(child, f"it took more than {child.spec.boot_timeout:g} s to boot")

    def _boot_failed(self, child: Supervised, why: str) -> None:
        if self._phase is _Phase.STARTING:
            self._tree.put(replace(child, last_error=why))
            self._take_down(f"{child.spec.name} did not start: {why}", math.inf)
        else:
            self._restart(child, why)

    def _exited(self, child: Supervised | None, crash: BaseException | None) -> None:
        if child is None:
            return  # a former incarnation, which was stopped meanwhile
        why = "it ended by itself" if crash is None else _describe(crash)
        if child.state is Stage.STUCK:
            self._tree.put(replace(child, state=Stage.STOPPED, ref=None))
        elif child.state is Stage.BOOTING:
            self._boot_failed(child, why)
        elif child.spec.restart.follows(crashed=crash is not None):
            self._restart(child, why)
        else:
            self._tree.put(replace(child, state=Stage.DONE, ref=None, last_error=why))

    def _restart(self, child: Supervised, why: str) -> None:
        """Take down this child and the later ones, and start them again after the back-off."""
        name, child = child.spec.name, replace(child, last_error=why)
        self._tree.put(child)
        self._stop_waiting()
        if stuck := stop_from(self._tree, child.position, math.inf, times=UNHURRIED):
            self._escalate(f"{name} failed ({why}), and {', '.join(stuck)} ignored the stop")
        elif (delay := self._budget.spend()) is None:
            self._escalate(f"{name} failed ({why}), after {self._budget.intensity}")
        else:
            logger.bind(actor=name, error=why, delay=delay).warning("actor will be restarted")
            self._timer = self.tell_later(delay, RestartDue(position=child.position))
            self._tree.put(replace(child, state=Stage.WAITING, ref=None))

    def _restart_due(self, child: Supervised) -> None:
        if child.state is Stage.WAITING:
            self._start_from(child.position)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _take_down(self, why: str, within: float) -> tuple[str, ...]:
        """Stop all for good; whoever still waits for the start learns why."""
        starting = self._phase in {_Phase.NEW, _Phase.STARTING}
        self._phase = _Phase.DOWN
        self._stop_waiting()
        stuck = stop_from(self._tree, 0, within)
        if starting:
            self._started.fail(StartError(why))
        return stuck

    def _escalate(self, why: str) -> None:
        self._take_down(why, math.inf)
        on_escalation, self._on_escalation = self._on_escalation, None
        if on_escalation is not None:
            on_escalation(why)


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
