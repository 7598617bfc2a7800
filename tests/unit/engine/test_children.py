"""The children of an engine's supervisor: their order, and how often they may crash."""

from itertools import count

from fixengine.config import load
from fixengine.engine.children import Child
from fixengine.engine.engine import Engine
from fixengine.engine.restart_intensity import RESTARTS, restart_budget


def test_the_children_start_in_the_order_of_their_names_and_last_the_one_with_a_setting() -> None:
    engine = Engine(load({"RETENTION_DAYS": "1"}), pod="engine", on_failure=print)
    assert [child.name for child in engine.tree.snapshot()] == [child.value for child in Child]


def test_nothing_is_deleted_where_everything_is_kept() -> None:
    engine = Engine(load({}), pod="engine", on_failure=print)
    names = [child.name for child in engine.tree.snapshot()]
    assert names == [child.value for child in Child if child is not Child.HOUSEKEEPING]


def test_an_actor_that_crashes_again_and_again_uses_up_its_restarts() -> None:
    budget = restart_budget()
    spent = next(number for number in count(1) if budget.spend() is None)
    assert spent == RESTARTS.max_restarts + 1
