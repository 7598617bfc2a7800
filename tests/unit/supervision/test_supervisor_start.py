"""How a supervisor starts its children, and what it does when one fails to."""

from collections.abc import Callable, Iterable

import pytest

from fixengine.supervision.child import ChildSpec
from fixengine.supervision.lifecycle import Crash
from fixengine.supervision.restarts import Restart
from fixengine.supervision.tree import Tree
from tests.unit.supervision.family import PATIENCE, Family, Gate, fail, wait_until


def spec(name: str, *, boot_timeout: float = 1.0, stop_timeout: float = 1.0) -> ChildSpec:
    return ChildSpec(
        name=name,
        start=lambda _siblings: pytest.fail("nothing may be started"),
        boot_timeout=boot_timeout,
        stop_timeout=stop_timeout,
    )


def test_children_boot_in_their_order() -> None:
    with Family("a", "b", "c").start() as family:
        assert family.news() == ["boot a", "boot b", "boot c"]
        assert family.states == "running running running"
        assert family.time.pending == ()


def test_a_child_is_given_the_ones_before_it() -> None:
    with Family("a", "b", "c").start() as family:
        assert family.given == {
            "a": {},
            "b": {"a": family.ref("a")},
            "c": {"a": family.ref("a"), "b": family.ref("b")},
        }


def test_no_child_is_started_before_the_one_before_it_has_booted() -> None:
    with Family("a", "b") as family:
        gate = Gate()
        family.at_boot["a"] = gate
        started = family.begin()
        wait_until(lambda: family.news() == ["boot a"])
        family.settle()
        assert family.states == "booting new"
        assert not family.lives["b"]
        gate.open()
        started.get(timeout=PATIENCE)
        assert family.states == "running running"


def test_to_start_twice_is_to_start_once() -> None:
    with Family("a") as family:
        assert family.begin() is family.begin()
        family.start()
        assert family.news() == ["boot a"]


@pytest.mark.parametrize("error", [OSError("no such host"), SystemExit("no such host")])
def test_a_failed_boot_is_undone_in_reverse_and_reported(error: BaseException) -> None:
    with Family("a", "b", "c", "d") as family:
        family.at_boot["c"] = fail(error)
        with pytest.raises(match=r"^c did not start: \w+: no such host$"):
            family.start()
        assert family.news() == ["boot a", "boot b", "boot c", "close c", "close b", "close a"]
        assert family.states == "stopped stopped stopped new"
        assert family.child("c").last_error == f"{type(error).__name__}: no such host"
        assert family.escalations == []


@pytest.mark.parametrize("error", [TypeError("no argument x"), SystemExit("no argument x")])
def test_a_child_that_cant_be_created_fails_the_start(error: BaseException) -> None:
    with Family("a", "b") as family:
        family.at_create["b"] = fail(error)
        with pytest.raises(match=r"b did not start: .*no argument x"):
            family.start()
        assert family.news() == ["boot a", "close a"]
        assert family.states == "stopped stopped"


def test_a_temporary_child_that_fails_to_boot_fails_the_start_too() -> None:
    with Family("a", "b", kinds={"b": Restart.TEMPORARY}) as family:
        family.at_boot["b"] = fail(OSError("away"))
        with pytest.raises(match="b did not start"):
            family.start()


def test_a_boot_that_takes_too_long_fails_the_start() -> None:
    with Family("a", "b") as family:
        gate = Gate()
        family.at_boot["b"] = gate
        started = family.begin()
        gate.await_someone()
        family.settle()
        family.time.advance(9.9)
        family.settle()
        assert family.states == "running booting"
        family.time.advance(0.2)
        wait_until(lambda: family.states == "running stopping")
        gate.open()
        with pytest.raises(match=r"b did not start: it took more than 10 s to boot"):
            started.get(timeout=PATIENCE)
        assert family.news() == ["boot a", "boot b", "close b", "close a"]


def test_a_boot_that_never_ends_fails_the_start_without_its_thread() -> None:
    with Family("a", "b", holding="b") as family:
        gate = Gate()
        family.at_boot["b"] = gate
        started = family.begin()
        gate.await_someone()
        family.settle()
        family.time.advance(10.0)
        with pytest.raises(match="b did not start"):
            started.get(timeout=PATIENCE)
        assert family.states == "stopped stuck"
        assert family.news() == ["boot a", "boot b", "close a"]
        gate.open()
        wait_until(lambda: family.states == "stopped stopped")


def test_a_crash_during_the_start_is_a_crash_and_not_a_failed_start() -> None:
    with Family("a", "b") as family:
        gate = Gate()
        family.at_boot["b"] = gate
        started = family.begin()
        gate.await_someone()
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: family.states == "running stopping")
        gate.open()
        wait_until(lambda: family.states == "waiting stopped")
        family.pass_back_off()
        started.get(timeout=PATIENCE)
        assert family.news() == ["boot a", "boot b", "close a", "close b", "boot a", "boot b"]


def test_a_shutdown_during_the_start_doesnt_wait_for_the_boots_to_come() -> None:
    with Family("a", "b", "c") as family:
        gate = Gate()
        family.at_boot["b"] = gate
        started = family.begin()
        gate.await_someone()
        with gate.opened_when(lambda: "stopping" in family.states):
            assert family.shut_down() == ()
        with pytest.raises(match="shut down"):
            started.get(timeout=PATIENCE)
        assert family.news() == ["boot a", "boot b", "close b", "close a"]
        assert family.states == "stopped stopped new"


def test_a_shutdown_during_the_start_abandons_a_boot_that_hangs() -> None:
    with Family("a", "b", holding="b") as family:
        gate = Gate()
        family.at_boot["b"] = gate
        family.begin()
        gate.await_someone()
        assert family.shut_down() == ("b",)
        assert family.news() == ["boot a", "boot b", "close a"]
        gate.open()


def test_nothing_starts_after_a_shutdown() -> None:
    with Family("a") as family:
        assert family.shut_down() == ()
        with pytest.raises(match="shut down"):
            family.start()
        assert family.news() == []


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (list, "must be a child"),
        (lambda: [spec("a"), spec("b"), spec("a")], "different names: a, b, a"),
        (lambda: [spec("")], "named ''"),
        (lambda: [spec("supervisor")], "named 'supervisor'"),
        (lambda: [spec("a", boot_timeout=0.0)], "a: the timeouts must be positive"),
        (lambda: [spec("a", stop_timeout=-1.0)], "a: the timeouts must be positive"),
    ],
)
def test_bad_specs_are_refused_before_anything_starts(
    build: Callable[[], Iterable[ChildSpec]], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Tree(build())
