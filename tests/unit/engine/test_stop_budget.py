"""The time of a stop, which the pod's grace period has to be enough for."""

from dataclasses import fields

import pytest

from fixengine.config import load
from fixengine.engine.children import STOP_BUDGET, STOP_SHARES, Child
from fixengine.engine.engine import Engine
from fixengine.engine.stop_budget import PROMISED, SPARE, StopBudget

THE_PODS = 10.0


def engine(**settings: str) -> Engine:
    return Engine(load(settings), pod="engine", on_failure=print)


@pytest.mark.parametrize("settings", [{}, {"RETENTION_DAYS": "1"}])
def test_the_actors_stop_in_the_time_that_the_budget_has_for_them(
    settings: dict[str, str],
) -> None:
    children = engine(**settings).tree.children
    assert sum(child.spec.stop_timeout for child in children) <= STOP_BUDGET.actors


def test_each_actor_has_a_share() -> None:
    assert set(STOP_SHARES) == set(Child)


def test_all_steps_of_a_stop_together_fit_the_pods_time() -> None:
    steps = sum(getattr(STOP_BUDGET, step.name) for step in fields(STOP_BUDGET))
    assert steps == pytest.approx(STOP_BUDGET.total)
    assert steps + SPARE <= PROMISED <= THE_PODS


def test_a_budget_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="the pod has 10"):
        StopBudget(actors=STOP_BUDGET.actors + 1)
    with pytest.raises(ValueError, match="would not be answered"):
        StopBudget(actors=1, the_rest=0.1)


def test_an_engine_that_was_never_started_can_be_stopped_twice() -> None:
    never_started = engine()
    assert never_started.stop() == ()
    assert never_started.stop() == ()
