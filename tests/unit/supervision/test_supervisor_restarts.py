"""Which children are restarted, in which order, and what is never mixed up."""

import pytest

from fixengine.supervision.lifecycle import BootExpired, Crash, RestartDue
from fixengine.supervision.restarts import Restart
from tests.unit.supervision.family import PATIENCE, Family, Gate, fail, join, mailbox_of, wait_until


def test_a_crash_restarts_the_child_and_all_after_it() -> None:
    with Family("a", "b", "c", "d").start() as family:
        family.news()
        family.kill("b")
        assert family.states == "running waiting stopped stopped"
        assert family.news() == ["close b", "close d", "close c"]
        family.pass_back_off()
        assert family.news() == ["boot b", "boot c", "boot d"]
        assert family.states == "running running running running"


def test_the_children_before_a_crashed_one_never_notice() -> None:
    with Family("a", "b", "c").start() as family:
        family.kill("c")
        family.pass_back_off()
        assert [len(family.lives[name]) for name in "abc"] == [1, 1, 2]
        assert [child.restarts for child in family.tree.snapshot()] == [0, 0, 1]


def test_restarted_children_are_given_the_new_incarnations() -> None:
    with Family("a", "b", "c").start() as family:
        family.kill("b")
        family.pass_back_off()
        assert family.given["c"] == {"a": family.lives["a"][0], "b": family.lives["b"][1]}


@pytest.mark.parametrize(
    ("kind", "crash", "restarted"),
    [
        (Restart.PERMANENT, True, True),
        (Restart.PERMANENT, False, True),
        (Restart.TRANSIENT, True, True),
        (Restart.TRANSIENT, False, False),
        (Restart.TEMPORARY, True, False),
        (Restart.TEMPORARY, False, False),
    ],
)
def test_the_kind_of_child_decides_whether_it_is_restarted(
    kind: Restart, crash: bool, restarted: bool
) -> None:
    with Family("a", "b", "c", kinds={"b": kind}).start() as family:
        family.news()
        (family.kill if crash else family.end)("b")
        assert family.states == ("running waiting stopped" if restarted else "running done running")
        if restarted:
            family.pass_back_off()
        assert [len(family.lives[name]) for name in "bc"] == ([2, 2] if restarted else [1, 1])
        reason = "RuntimeError: b was killed" if crash else "it ended by itself"
        assert family.child("b").last_error == reason


@pytest.mark.parametrize("kind", Restart)
def test_no_kind_of_child_is_restarted_after_a_shutdown(kind: Restart) -> None:
    with Family("a", "b", kinds={"a": kind, "b": kind}).start() as family:
        family.shut_down()
        family.settle()
        family.time.advance(100.0)
        family.settle()
        assert [len(lives) for lives in family.lives.values()] == [1, 1]
        assert family.escalations == []


def test_a_temporary_child_taken_down_by_a_sibling_stays_down() -> None:
    with Family("a", "b", "c", kinds={"b": Restart.TEMPORARY}).start() as family:
        family.kill("a")
        family.pass_back_off()
        assert family.states == "running done running"
        assert list(family.given["c"]) == ["a"]


def test_a_transient_child_that_was_done_starts_again_with_its_earlier_siblings() -> None:
    with Family("a", "b", kinds={"b": Restart.TRANSIENT}).start() as family:
        family.end("b")
        family.kill("a")
        family.pass_back_off()
        assert family.states == "running running"


def test_a_failed_ask_that_is_a_bug_restarts_the_one_who_was_asked() -> None:
    with Family("a", "b").start() as family:
        with pytest.raises(ZeroDivisionError):
            family.ref("a").ask(fail(ZeroDivisionError()), timeout=PATIENCE)
        family.settle()
        assert family.states == "waiting stopped"
        assert family.child("a").last_error == "ZeroDivisionError: "


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_base_exception_is_a_crash_like_any_other(error: BaseException) -> None:
    with Family("a", "b").start() as family:
        family.ref("b").tell(fail(error))
        join(family.ref("b"))
        family.settle()
        assert family.states == "running waiting"
        family.pass_back_off()
        assert family.ref("a") is family.lives["a"][0]


def test_the_old_incarnation_is_closed_and_joined_before_the_new_one_is_created() -> None:
    with Family("a", "b").start() as family:
        old = mailbox_of(family.ref("b")).thread
        seen: list[bool] = []
        family.at_create["b"] = lambda: seen.append(old.is_alive())
        family.kill("a")
        family.pass_back_off()
        assert seen == [False]


def test_a_later_sibling_that_closes_slowly_is_waited_for() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: family.states == "running stopping")
        assert len(family.lives["a"]) == 1
        gate.open()
        wait_until(lambda: family.states == "waiting stopped")


def test_what_a_former_incarnation_reports_is_ignored() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()

        def crash_when_let_go() -> None:
            gate()
            raise KeyError("late")

        family.ref("b").tell(crash_when_let_go)
        gate.await_someone()
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: family.states == "running stopping")
        gate.open()  # b crashes while it is being stopped, and its report comes afterwards
        wait_until(lambda: family.states == "waiting stopped")
        family.pass_back_off()
        assert [len(lives) for lives in family.lives.values()] == [2, 2]
        assert family.child("b").last_error is None


def test_timers_that_fire_as_they_are_cancelled_are_ignored() -> None:
    with Family("a", "b").start() as family:
        family.supervisor.tell(BootExpired(ref=family.ref("a")))
        family.supervisor.tell(RestartDue(position=0))
        family.settle()
        assert family.states == "running running"
        assert [len(lives) for lives in family.lives.values()] == [1, 1]


def test_two_failures_at_once_are_one_restart_of_the_earlier_one() -> None:
    with Family("a", "b", "c", max_restarts=1).start() as family:
        gate = Gate()
        family.at_close["c"] = gate  # keeps the supervisor from seeing either before both
        family.ref("a").tell(Crash(reason="test"))
        gate.await_someone()
        family.ref("b").tell(Crash(reason="test"))
        gate.open()
        wait_until(lambda: family.states == "waiting stopped stopped")
        family.settle()
        family.pass_back_off()
        assert [len(lives) for lives in family.lives.values()] == [2, 2, 2]
        assert family.escalations == []


def test_an_earlier_sibling_that_crashes_during_a_back_off_takes_over() -> None:
    with Family("a", "b", "c").start() as family:
        family.kill("c")
        assert family.states == "running running waiting"
        family.kill("a")
        assert family.states == "waiting stopped stopped"
        assert len(family.time.pending) == 1
        family.pass_back_off()
        assert [len(lives) for lives in family.lives.values()] == [2, 2, 2]


def test_an_earlier_sibling_that_crashes_during_a_restart_takes_over() -> None:
    with Family("a", "b", "c").start() as family:
        gate = Gate()
        family.at_boot["b"] = gate
        family.kill("b")
        family.time.advance(4.0)
        wait_until(lambda: family.states == "running booting stopped")
        gate.await_someone()
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: family.states == "running stopping stopped")
        gate.open()
        wait_until(lambda: family.states == "waiting stopped stopped")
        family.settle()
        family.pass_back_off()
        assert [len(lives) for lives in family.lives.values()] == [2, 3, 2]


def test_a_failing_restart_is_tried_again() -> None:
    with Family("a", "b").start() as family:
        family.at_boot["a"] = fail(OSError("still away"))
        family.kill("a")
        family.time.advance(4.0)
        wait_until(lambda: family.child("a").last_error == "OSError: still away")
        family.settle()
        assert family.states == "waiting stopped"
        family.at_boot.clear()
        family.pass_back_off()
        assert [len(lives) for lives in family.lives.values()] == [3, 2]
        assert family.child("a").restarts == 2


def test_a_child_that_fails_in_its_close_is_restarted_all_the_same() -> None:
    with Family("a", "b").start() as family:
        family.at_close["a"] = fail(OSError("cannot close"))
        family.at_close["b"] = fail(SystemExit())
        family.kill("a")
        family.at_close.clear()
        family.pass_back_off()
        assert family.states == "running running"
        assert family.child("a").last_error == "RuntimeError: a was killed"


def test_no_child_starts_before_its_back_off_has_passed() -> None:
    with Family("a").start() as family:
        family.kill("a")
        (wait,) = family.time.pending
        family.time.advance(wait * 0.99)
        family.settle()
        assert family.states == "waiting"
        family.time.advance(wait * 0.02)
        family.until_all_run()


def test_the_back_off_keeps_nobody_waiting() -> None:
    with Family("a", "b").start() as family:
        family.kill("b")
        assert family.states == "running waiting"
        assert family.ref("a").ask(lambda: "here", timeout=PATIENCE) == "here"
        assert family.shut_down() == ()
        assert family.states == "stopped stopped"
        family.time.advance(100.0)
        family.settle()
        assert family.states == "stopped stopped"
