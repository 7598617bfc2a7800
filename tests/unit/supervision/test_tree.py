"""What other threads can read of the actors without asking them."""

from fixengine.supervision.lifecycle import Crash
from tests.unit.supervision.family import PATIENCE, Family, Gate, join, wait_until


def test_the_tree_can_be_read_before_anything_starts() -> None:
    with Family("a", "b") as family:
        assert [(child.name, child.state) for child in family.tree.snapshot()] == [
            ("a", "new"),
            ("b", "new"),
        ]


def test_the_tree_shows_what_a_child_is_at_and_what_waits_for_it() -> None:
    with Family("a").start() as family:
        gate = Gate()
        wait_until(lambda: family.child("a").busy_for is None)
        family.ref("a").tell(gate)
        gate.await_someone()
        family.ref("a").tell(lambda: None)
        assert family.child("a").mailbox_depth == 1
        before = family.child("a").busy_for
        after = family.child("a").busy_for
        assert before is not None
        assert after is not None
        assert 0.0 <= before <= after
        gate.open()
        wait_until(lambda: family.child("a").busy_for is None)
        assert family.child("a").mailbox_depth == 0


def test_the_tree_counts_restarts_and_keeps_the_last_error() -> None:
    with Family("a", "b").start() as family:
        for _ in range(2):
            family.kill("a")
            family.pass_back_off()
        family.kill("b")
        family.pass_back_off()
        assert [(child.restarts, child.last_error) for child in family.tree.snapshot()] == [
            (2, "RuntimeError: a was killed"),
            (3, "RuntimeError: b was killed"),
        ]


def test_the_tree_can_be_read_while_a_child_boots() -> None:
    with Family("a", "b") as family:
        gate = Gate()
        family.at_boot["a"] = gate
        started = family.begin()
        wait_until(lambda: family.states == "booting new" and family.child("a").busy_for)
        gate.open()
        started.get(timeout=PATIENCE)


def test_the_tree_can_be_read_while_the_supervisor_is_blocked_by_a_stop() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: family.states == "running stopping")
        gate.open()


def test_the_tree_can_be_read_when_the_supervisor_is_dead() -> None:
    with Family("a").start() as family:
        family.supervisor.tell(Crash(reason="test"))
        join(family.supervisor)
        assert family.states == "stopped"
        assert family.tree.hung(0.0) == ()


def test_a_child_at_one_message_for_too_long_is_hung() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.ref("b").tell(gate)
        gate.await_someone()
        wait_until(lambda: family.tree.hung(0.01) == ("b",))
        assert family.tree.hung(3600.0) == ()
        gate.open()
        wait_until(lambda: family.tree.hung(0.0) == ())


def test_a_supervisor_that_is_blocked_for_too_long_is_hung() -> None:
    with Family("a", "b").start() as family:
        gate = Gate()
        family.at_close["b"] = gate
        family.ref("a").tell(Crash(reason="test"))
        wait_until(lambda: "supervisor" in family.tree.hung(0.01))
        gate.open()


def test_a_child_that_boots_is_not_hung() -> None:
    with Family("a") as family:
        gate = Gate()
        family.at_boot["a"] = gate
        started = family.begin()
        wait_until(lambda: (family.child("a").busy_for or 0.0) > 0.01)
        family.settle()
        assert family.tree.hung(0.0) == ()
        gate.open()
        started.get(timeout=PATIENCE)
