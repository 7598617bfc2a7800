"""Any sequence of crashes, ends, failing boots and quiet times, against a model."""

from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fixengine.supervision.restarts import Restart
from tests.unit.supervision.family import Family, fail, join, mailbox_of, wait_until

KINDS = {
    "a": Restart.PERMANENT,
    "b": Restart.TRANSIENT,
    "c": Restart.TEMPORARY,
    "d": Restart.PERMANENT,
    "e": Restart.TRANSIENT,
}
NAMES = tuple(KINDS)
MAX_RESTARTS = 3
PERIOD = 60.0
names = st.sampled_from(NAMES)


class Supervision(RuleBasedStateMachine):
    """The model knows the state of each child, the recent restarts, and whose boot fails."""

    def __init__(self) -> None:
        super().__init__()
        self.family = Family(*NAMES, kinds=KINDS, max_restarts=MAX_RESTARTS, period=PERIOD)
        self.states = dict.fromkeys(NAMES, "running")
        self.lives = dict.fromkeys(NAMES, 1)
        self.restarts: list[float] = []
        self.escalated = False

    @initialize()
    def start(self) -> None:
        self.family.__enter__()
        self.family.start()

    def teardown(self) -> None:
        self.family.__exit__(None, None, None)

    @rule(name=names)
    def break_boot(self, name: str) -> None:
        self.family.at_boot[name] = fail(OSError(f"{name} can't boot"))

    @rule(name=names)
    def mend_boot(self, name: str) -> None:
        self.family.at_boot.pop(name, None)

    @rule(name=names)
    def crash(self, name: str) -> None:
        if self.states[name] == "running":
            self.family.kill(name)
            self._model_exit(name, crashed=True)

    @rule(name=names)
    def end(self, name: str) -> None:
        if self.states[name] == "running":
            self.family.end(name)
            self._model_exit(name, crashed=False)

    @precondition(lambda self: "waiting" not in self.states.values())
    @rule(seconds=st.sampled_from([1.0, 30.0, PERIOD, PERIOD + 0.001]))
    def stay_quiet(self, seconds: float) -> None:
        self.family.time.advance(seconds)

    @precondition(lambda self: "waiting" in self.states.values())
    @rule()
    def pass_back_off(self) -> None:
        waiting = next(name for name in NAMES if self.states[name] == "waiting")
        self.family.time.advance(4.0)
        for name in NAMES[NAMES.index(waiting) :]:
            if KINDS[name] is Restart.TEMPORARY:
                self.states[name] = "done"
                continue
            self.lives[name] += 1
            wait_until(partial(self._has_all_lives, name))
            if name in self.family.at_boot:
                join(self.family.ref(name))
                self._model_failure(name)
                break
            self.states[name] = "running"
        wait_until(lambda: self.family.states == " ".join(self.states.values()))
        self.family.settle()

    @precondition(lambda self: len(self.restarts) >= 2)
    @rule()
    def shut_down(self) -> None:
        assert self.family.shut_down() == ()
        self._model_all_down()

    @invariant()
    def the_children_are_as_the_model_says(self) -> None:
        assert self.family.states == " ".join(self.states.values())
        assert len(self.family.escalations) == self.escalated

    @invariant()
    def there_is_one_incarnation_of_whoever_runs_and_none_of_others(self) -> None:
        for name, lives in self.family.lives.items():
            alive = [ref for ref in lives if mailbox_of(ref).thread.is_alive()]
            assert len(alive) == (self.states[name] == "running")
            assert len(lives) == self.lives[name]

    @invariant()
    def every_boot_is_closed_before_the_next(self) -> None:
        for name in NAMES:
            life = [what.split()[0] for what in self.family.diary if what.endswith(f" {name}")]
            assert life == ["boot", "close"] * (len(life) // 2) + ["boot"] * (len(life) % 2)

    @invariant()
    def nobody_runs_after_one_who_is_to_be_restarted(self) -> None:
        for name in NAMES:
            if self.states[name] in {"waiting", "stopped"}:
                later = {self.states[other] for other in NAMES[NAMES.index(name) :]}
                assert "running" not in later

    @invariant()
    def a_timer_runs_only_for_a_back_off(self) -> None:
        assert len(self.family.time.pending) == ("waiting" in self.states.values())

    def _has_all_lives(self, name: str) -> bool:
        return len(self.family.lives[name]) == self.lives[name]

    def _model_exit(self, name: str, *, crashed: bool) -> None:
        kind = KINDS[name]
        if kind is Restart.PERMANENT or (kind is Restart.TRANSIENT and crashed):
            self._model_failure(name)
        else:
            self.states[name] = "done"

    def _model_failure(self, name: str) -> None:
        for other in NAMES[NAMES.index(name) :]:
            if self.states[other] != "done":
                self.states[other] = "stopped"
        self.states[name] = "waiting"
        self.restarts.append(self.family.time.now)
        recent = [at for at in self.restarts if self.family.time.now - at <= PERIOD]
        if len(recent) > MAX_RESTARTS:
            self.escalated = True
            self._model_all_down()

    def _model_all_down(self) -> None:
        self.states = {
            name: "done" if state == "done" else "stopped" for name, state in self.states.items()
        }


TestSupervision = Supervision.TestCase
TestSupervision.settings = settings(max_examples=100, stateful_step_count=40)
