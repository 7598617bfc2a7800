"""When a supervisor gives up, and how it says so."""

from functools import partial

import pytest

from fixengine.supervision.child import Stage
from fixengine.supervision.lifecycle import Crash
from tests.unit.supervision.family import PATIENCE, Family, Gate, Time, fail, join, wait_until


def test_one_restart_too_many_stops_all_and_escalates_once() -> None:
    with Family("a", "b", "c", max_restarts=2).start() as family:
        for _ in range(2):
            family.kill("b")
            family.pass_back_off()
        assert family.escalations == []
        family.news()
        family.kill("b")
        assert family.states == "stopped stopped stopped"
        assert family.news() == ["close b", "close c", "close a"]
        assert family.escalations == [
            "b failed (RuntimeError: b was killed), after 2 restarts in 60 s"
        ]
        family.time.advance(1000.0)
        family.settle()
        assert family.news() == []


def test_restarts_that_are_long_past_dont_count() -> None:
    with Family("a", max_restarts=1, period=60.0).start() as family:
        for _ in range(5):
            family.kill("a")
            family.pass_back_off()
            family.time.advance(60.0)
        assert family.escalations == []


def test_restarts_of_different_children_count_together() -> None:
    with Family("a", "b", max_restarts=1).start() as family:
        family.kill("a")
        family.pass_back_off()
        family.kill("b")
        assert len(family.escalations) == 1


def waits_again(family: Family, restarts: int) -> bool:
    child = family.child("b")
    return child.state is Stage.WAITING and child.restarts == restarts


@pytest.mark.parametrize("step", ["create", "boot"])
def test_failed_restarts_count(step: str) -> None:
    with Family("a", "b", max_restarts=3).start() as family:
        hooks = family.at_create if step == "create" else family.at_boot
        hooks["b"] = fail(OSError("away"))
        family.kill("b")
        for failed in range(3):
            wait_until(partial(waits_again, family, failed))
            family.settle()
            assert family.escalations == []
            family.time.advance(4.0)
        wait_until(lambda: family.escalations)
        assert family.escalations == ["b failed (OSError: away), after 3 restarts in 60 s"]
        wait_until(lambda: family.states == "stopped stopped")


def test_a_boot_that_takes_too_long_in_a_restart_counts() -> None:
    with Family("a", max_restarts=1).start() as family:
        gate = Gate()
        family.at_boot["a"] = gate
        family.kill("a")
        family.time.advance(4.0)
        wait_until(lambda: family.diary.count("boot a") == 2)
        family.settle()
        family.time.advance(10.0)
        wait_until(lambda: family.states == "stopping")
        gate.open()
        wait_until(lambda: family.escalations)
        assert "it took more than 10 s to boot" in family.escalations[0]


def test_a_child_that_ignores_its_stop_in_a_restart_escalates_and_is_never_doubled() -> None:
    with Family("a", "b", "c", holding="c").start() as family:
        gate = Gate()
        family.ref("c").tell(gate)
        gate.await_someone()
        family.kill("b")
        assert family.escalations == [
            "b failed (RuntimeError: b was killed), and c ignored the stop"
        ]
        assert family.states == "stopped stopped stuck"
        assert family.shut_down() == ("c",)
        gate.open()
        wait_until(lambda: family.states == "stopped stopped stopped")
        assert family.shut_down() == ()
        assert len(family.lives["c"]) == 1
        assert len(family.escalations) == 1


@pytest.mark.parametrize("message", ["no message of the supervisor's", Crash(reason="bug")])
def test_a_supervisor_that_crashes_stops_all_and_escalates(message: object) -> None:
    with Family("a", "b").start() as family:
        family.news()
        family.supervisor.tell(message)
        join(family.supervisor)
        assert family.news() == ["close b", "close a"]
        (why,) = family.escalations
        assert why.startswith("the supervisor crashed: ")
        assert family.states == "stopped stopped"


def test_a_base_exception_in_the_supervisor_escalates() -> None:
    class BrokenTime(Time):
        def clock(self) -> float:
            raise SystemExit(3)

    with Family("a", time=BrokenTime()).start() as family:
        family.ref("a").tell(Crash(reason="test"))
        join(family.supervisor)
        assert family.escalations == ["the supervisor crashed: SystemExit: 3"]


def test_a_supervisor_that_crashes_while_it_starts_says_so_to_who_waits() -> None:
    with Family("a", "b") as family:
        gate = Gate()
        family.at_boot["a"] = gate
        started = family.begin()
        gate.await_someone()
        family.supervisor.tell(Crash(reason="test"))
        wait_until(lambda: "stopping" in family.states)
        gate.open()
        with pytest.raises(match="the supervisor ended"):
            started.get(timeout=PATIENCE)
        join(family.supervisor)
        assert family.escalations == ["the supervisor crashed: RuntimeError: test"]


@pytest.mark.parametrize("error", [OSError("nobody listens"), SystemExit(1)])
def test_an_escalation_that_fails_itself_is_not_repeated(error: BaseException) -> None:
    with Family("a", max_restarts=0).start() as family:
        family.at_escalation = fail(error)
        family.ref("a").tell(Crash(reason="test"))
        join(family.supervisor)
        assert len(family.escalations) == 1


def test_an_escalation_before_all_have_started_also_fails_the_start() -> None:
    with Family("a", "b", max_restarts=0) as family:
        gate = Gate()
        family.at_boot["b"] = gate
        started = family.begin()
        gate.await_someone()
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: "stopping" in family.states)
        gate.open()
        with pytest.raises(match="a failed"):
            started.get(timeout=PATIENCE)
        family.settle()
        assert len(family.escalations) == 1
