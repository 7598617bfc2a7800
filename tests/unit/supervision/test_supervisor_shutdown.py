"""How a supervisor takes its children down."""

from time import monotonic

import pykka
import pytest

from fixengine.supervision.child import SUPERVISOR
from fixengine.supervision.lifecycle import Crash, Shutdown
from fixengine.supervision.stopping import shut_down
from tests.unit.supervision.family import PATIENCE, Family, Gate, fail, join, mailbox_of, wait_until


def hold(family: Family, name: str) -> Gate:
    """Keep a child at a message until the gate is opened."""
    gate = Gate()
    family.ref(name).tell(gate)
    gate.await_someone()
    return gate


def test_a_shutdown_stops_all_in_reverse() -> None:
    with Family("a", "b", "c").start() as family:
        family.news()
        assert family.shut_down() == ()
        assert family.news() == ["close c", "close b", "close a"]
        assert family.states == "stopped stopped stopped"
        assert family.escalations == []


def test_to_shut_down_twice_is_to_shut_down_once() -> None:
    with Family("a").start() as family:
        assert family.shut_down() == ()
        assert family.shut_down() == ()
        assert family.news() == ["boot a", "close a"]


def test_a_supervisor_that_is_simply_stopped_leaves_no_child_behind() -> None:
    with Family("a", "b").start() as family:
        family.supervisor.stop(timeout=PATIENCE)
        assert family.news() == ["boot a", "boot b", "close b", "close a"]
        assert family.escalations == []


def test_children_that_ignore_their_deadline_are_named_and_the_others_still_stopped() -> None:
    with Family("a", "b", "c", holding="ac").start() as family:
        gates = [hold(family, "a"), hold(family, "c")]
        family.news()
        assert family.shut_down() == ("c", "a")
        assert family.news() == ["close b"]
        assert family.states == "stuck stopped stuck"
        for gate in gates:
            gate.open()


def test_a_shutdown_takes_no_longer_than_it_may_but_reaches_everyone() -> None:
    with Family("a", "b", "c", stop_timeout=3600.0).start() as family:
        gates = [hold(family, name) for name in "abc"]
        assert family.shut_down(within=0.05) == ("c", "b", "a")
        for gate in gates:
            gate.open()


def test_all_learn_at_once_that_they_stop_and_by_when() -> None:
    """What a child leaves of its share is for those after it: times are counted from the end."""
    with Family("a", "b", "c", stop_timeout=60.0).start() as family:
        gate = Gate()
        family.at_close["c"] = gate
        began = monotonic()
        reply = family.supervisor.ask(Shutdown(within=3600.0), block=False)
        gate.await_someone()
        a, b, c = (mailbox_of(family.ref(name)).stop_by for name in "abc")
        gate.open()
        assert reply.get(timeout=PATIENCE) == ()
        assert a - b == pytest.approx(60)
        assert b - c == pytest.approx(60)
        assert began + 60 <= c < began + 60 + PATIENCE


def test_a_shutdown_with_less_time_than_the_shares_add_up_to_shortens_them_all() -> None:
    with Family("a", "b", stop_timeout=60.0).start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        began = monotonic()
        reply = family.supervisor.ask(Shutdown(within=30.0), block=False)
        gate.await_someone()
        a, b = (mailbox_of(family.ref(name)).stop_by for name in "ab")
        gate.open()
        assert reply.get(timeout=PATIENCE) == ()
        assert a - b == pytest.approx(15)
        assert began + 30 <= a < began + 30 + PATIENCE


def test_a_child_that_ignored_its_deadline_gets_no_second_one() -> None:
    with Family("a", stop_timeout=3600.0).start() as family:
        gate = hold(family, "a")
        assert family.shut_down(within=0.02) == ("a",)
        assert family.shut_down(within=3600.0) == ("a",)
        gate.open()


def test_a_stop_reaches_a_child_with_a_long_mailbox() -> None:
    with Family("a").start() as family:
        gate = hold(family, "a")
        done: list[int] = []
        for number in range(1000):
            family.ref("a").tell(lambda number=number: done.append(number))
        with gate.opened_when(lambda: family.states == "stopping"):
            assert family.shut_down() == ()
        assert done == []


def test_a_child_that_fails_in_its_close_doesnt_hold_up_the_others() -> None:
    with Family("a", "b", "c").start() as family:
        family.at_close["b"] = fail(OSError("cannot close"))
        family.at_close["c"] = fail(SystemExit())
        family.news()
        assert family.shut_down() == ()
        assert family.news() == ["close c", "close b", "close a"]


def test_a_shutdown_during_a_restart_is_next_in_line() -> None:
    with Family("a", "b", "c").start() as family:
        gate = Gate()
        family.at_boot["b"] = gate
        family.kill("b")
        family.time.advance(4.0)
        wait_until(lambda: family.diary.count("boot b") == 2)
        family.news()
        with gate.opened_when(lambda: "stopping" in family.states):
            assert family.shut_down() == ()
        assert family.news() == ["close b", "close a"]
        family.settle()
        assert family.states == "stopped stopped stopped"


def test_who_shuts_down_ends_the_supervisor_too() -> None:
    with Family("a", "b").start() as family:
        assert shut_down(family.supervisor, within=PATIENCE, report_within=PATIENCE) == ()
        assert family.states == "stopped stopped"
        assert not family.supervisor.is_alive()


def test_a_supervisor_that_waits_for_a_child_holds_up_nobody_who_shuts_it_down() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        family.ref("a").tell(Crash(reason="test"))  # a restart, for which b has to stop
        gate.await_someone()
        began = monotonic()
        assert shut_down(family.supervisor, within=0.1, report_within=0.1) == (SUPERVISOR,)
        assert 0.2 <= monotonic() - began < PATIENCE
        gate.open()


def test_a_crash_during_a_shutdown_restarts_nothing() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        reply = family.supervisor.ask(Shutdown(within=60.0), block=False)
        wait_until(lambda: family.states == "running stopping")
        family.ref("a").tell(Crash(reason="test"))
        join(family.ref("a"))
        gate.open()
        assert reply.get(timeout=PATIENCE) == ()
        family.settle()
        assert family.states == "stopped stopped"
        assert [len(lives) for lives in family.lives.values()] == [1, 1]


def test_a_dead_supervisor_refuses_and_a_living_child_never_outlives_it() -> None:
    with Family("a").start() as family:
        thread = mailbox_of(family.ref("a")).thread
        family.supervisor.stop(timeout=PATIENCE)
        assert not thread.is_alive()
        with pytest.raises(pykka.ActorDeadError):
            family.shut_down()
