"""A supervisor over children that do as they are told, in a time of their own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from time import monotonic
from types import TracebackType
from typing import Any, Self

import pykka
from loguru import logger

from fixengine.supervision.actor import Actor
from fixengine.supervision.child import ChildSpec, Stage
from fixengine.supervision.lifecycle import Crash, Shutdown, StartChildren
from fixengine.supervision.mailbox import Mailbox
from fixengine.supervision.restarts import Backoff, Restart, RestartBudget, RestartIntensity
from fixengine.supervision.supervisor import Supervisor
from fixengine.supervision.timers import Timer
from fixengine.supervision.tree import ChildState, Tree

PATIENCE = 60.0
Action = Callable[[], object]


def wait_until(condition: Callable[[], object], deadline: float = PATIENCE) -> None:
    """Return as soon as the condition holds; fail when it does not before the deadline."""
    end = monotonic() + deadline
    pause = threading.Event()
    while not condition():
        assert monotonic() < end, "waited in vain"
        pause.wait(0.0005)


def mailbox_of(ref: pykka.ActorRef[Any]) -> Mailbox:
    assert isinstance(ref.actor_inbox, Mailbox)
    return ref.actor_inbox


def join(ref: pykka.ActorRef[Any]) -> None:
    thread = mailbox_of(ref).thread
    thread.join(PATIENCE)
    assert not thread.is_alive()


def fail(error: BaseException) -> Callable[[], object]:
    """Make an action that raises."""

    def action() -> None:
        raise error

    return action


class Gate:
    """An action that keeps whoever performs it until the gate is opened."""

    def __init__(self) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._entered.set()
        assert self._opened.wait(PATIENCE)

    def await_someone(self) -> None:
        assert self._entered.wait(PATIENCE)

    def open(self) -> None:
        self._opened.set()

    @contextmanager
    def opened_when(self, condition: Callable[[], object]) -> Iterator[None]:
        """Open when the condition comes to hold, while the caller waits for something else."""

        def watch() -> None:
            wait_until(condition)
            self.open()

        thread = threading.Thread(target=watch)
        thread.start()
        yield
        thread.join(PATIENCE)


class Time:
    """A clock that stands still, and timers that fire when it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._timers: list[Timer] = []

    def clock(self) -> float:
        return self.now

    def after(self, delay: float, action: Action) -> Timer:
        timer = Timer(self.now + delay, action, self._timers)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self._timers if timer.at <= self.now]
        for timer in sorted(due, key=lambda timer: timer.at):
            if timer in self._timers:
                timer.cancel()
                timer.message()

    @property
    def pending(self) -> tuple[float, ...]:
        """In how many seconds which of them fire."""
        return tuple(timer.at - self.now for timer in self._timers)


class TimedSupervisor(Supervisor):
    def __init__(self, *, time: Time, **parts: Any) -> None:
        super().__init__(**parts)
        self._time = time

    def tell_later(self, delay: float, message: Any) -> Timer:
        return self._time.after(delay, partial(self._tell_self, message))


class Child(Actor):
    """Notes its life in the family's diary; a message is something to do."""

    def __init__(self, *, name: str, family: "Family") -> None:
        super().__init__()
        self._name = name
        self._family = family

    def boot(self) -> None:
        self._family.diary.append(f"boot {self._name}")
        self._family.at_boot.get(self._name, lambda: None)()

    def receive(self, message: Action) -> object:
        return message()

    def close(self) -> None:
        self._family.diary.append(f"close {self._name}")
        self._family.at_close.get(self._name, lambda: None)()


class Family:
    """Children by these names, in this order, and what happened to them.

    Those in `holding` are about to ignore their stop, and are not waited for. Left as a context,
    nothing of it may remain: no thread and no registered actor.
    """

    def __init__(
        self,
        *names: str,
        max_restarts: int = 3,
        period: float = 60.0,
        stop_timeout: float = PATIENCE,
        holding: str = "",
        kinds: Mapping[str, Restart] | None = None,
        time: Time | None = None,
        real_time: bool = False,
    ) -> None:
        self.time = Time() if time is None else time
        self.diary: list[str] = []
        self.at_create: dict[str, Action] = {}
        self.at_boot: dict[str, Action] = {}
        self.at_close: dict[str, Action] = {}
        self.given: dict[str, dict[str, pykka.ActorRef[Any]]] = {}
        self.lives: dict[str, list[pykka.ActorRef[Any]]] = {name: [] for name in names}
        self.escalations: list[str] = []
        self.at_escalation: Action = lambda: None
        self.tree = Tree(
            ChildSpec(
                name=name,
                start=partial(self._start, name),
                restart=(kinds or {}).get(name, Restart.PERMANENT),
                boot_timeout=10.0,
                stop_timeout=0.02 if name in holding else stop_timeout,
            )
            for name in names
        )
        parts: dict[str, Any] = {
            "tree": self.tree,
            "on_escalation": self._escalate,
            "budget": RestartBudget(
                intensity=RestartIntensity(max_restarts=max_restarts, period=period),
                backoff=Backoff(first=0.0001, cap=0.0001)
                if real_time
                else Backoff(first=1.0, cap=4.0),
                clock=monotonic if real_time else self.time.clock,
                rng=Random(7),
            ),
        }
        self.supervisor: pykka.ActorRef[Any]
        if real_time:
            self.supervisor = Supervisor.start(**parts)
        else:
            self.supervisor = TimedSupervisor.start(time=self.time, **parts)

    def __enter__(self) -> Self:
        logger.disable("fixengine.supervision")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        logger.enable("fixengine.supervision")
        self.supervisor.stop(block=False)
        everyone = [self.supervisor, *(ref for lives in self.lives.values() for ref in lives)]
        if error is None:
            for ref in everyone:
                join(ref)
                assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is None

    def _start(self, name: str, siblings: Mapping[str, pykka.ActorRef[Any]]) -> pykka.ActorRef[Any]:
        self.at_create.get(name, lambda: None)()
        self.given[name] = dict(siblings)
        ref = Child.start(name=name, family=self)
        self.lives[name].append(ref)
        return ref

    def _escalate(self, why: str) -> None:
        self.escalations.append(why)
        self.at_escalation()

    def begin(self) -> pykka.Future[None]:
        started: pykka.Future[None] = self.supervisor.ask(StartChildren(), timeout=PATIENCE)
        return started

    def start(self) -> Self:
        self.begin().get(timeout=PATIENCE)
        self.settle()
        return self

    def shut_down(self, within: float = 60.0) -> tuple[str, ...]:
        order = Shutdown(within=within)
        stuck: tuple[str, ...] = self.supervisor.ask(order, block=True, timeout=PATIENCE)
        return stuck

    def ref(self, name: str) -> pykka.ActorRef[Any]:
        """The latest incarnation."""
        return self.lives[name][-1]

    def kill(self, name: str) -> None:
        """Crash a child, and return when the supervisor has dealt with it."""
        self.ref(name).tell(Crash(reason=f"{name} was killed"))
        join(self.ref(name))
        self.settle()

    def end(self, name: str) -> None:
        """Let a child end normally, and return when the supervisor has dealt with it."""
        self.ref(name).stop(block=False)
        join(self.ref(name))
        self.settle()

    def settle(self) -> None:
        """Wait until the supervisor has nothing more to do."""
        mailbox = mailbox_of(self.supervisor)
        wait_until(lambda: mailbox.depth == 0 and mailbox.busy_since is None)

    def pass_back_off(self) -> None:
        """Let the time of the back-off pass, and all children boot."""
        self.time.advance(4.0)
        self.until_all_run()

    def until_all_run(self) -> None:
        up = {Stage.RUNNING, Stage.DONE}
        wait_until(lambda: {child.state for child in self.tree.snapshot()} <= up)
        self.settle()

    def child(self, name: str) -> ChildState:
        return next(child for child in self.tree.snapshot() if child.name == name)

    @property
    def states(self) -> str:
        return " ".join(child.state for child in self.tree.snapshot())

    def news(self) -> list[str]:
        """What was written in the diary since the last look."""
        news, self.diary[:] = self.diary[:], []
        return news
