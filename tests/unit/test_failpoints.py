"""The points at which engines are made to die."""

import pytest

from tests.failpoints.points import STEPS


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_one_that_the_engine_takes(name: str) -> None:
    step = STEPS[name]
    assert callable(getattr(step.owner, step.method, None)), f"there is no {step.method}"
    assert step.like is None or step.like in STEPS
