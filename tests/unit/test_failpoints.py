"""The points at which engines and gateways are made to die."""

import pytest

from tests.failpoints import gateway, points
from tests.failpoints.points import Step

_ENGINE, _GATEWAY = points.STEPS, gateway.STEPS


@pytest.mark.parametrize("step", [*_ENGINE.values(), *_GATEWAY.values()], ids=[*_ENGINE, *_GATEWAY])
def test_each_step_is_one_that_is_taken(step: Step) -> None:
    assert callable(getattr(step.owner, step.method, None)), f"there is no {step.method}"
    assert step.like is None or step.like in _ENGINE


def test_a_point_is_one_of_an_engine_or_of_a_gateway() -> None:
    assert not _ENGINE.keys() & _GATEWAY.keys()
    assert set(gateway.UNTOLD) <= set(gateway.POINTS)
