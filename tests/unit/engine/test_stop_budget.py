"""The times of a stop, which the pod's grace period has to be enough for."""

import pytest

from fixengine.actors.intake import intake
from fixengine.actors.publishing import publisher
from fixengine.config import load
from fixengine.engine import engine
from fixengine.infra.process.logs import LAST_WORDS

THE_PODS = 10.0


@pytest.mark.parametrize("settings", [{}, {"RETENTION_DAYS": "1"}])
def test_all_shares_of_a_stop_together_fit_the_pods_time(settings: dict[str, str]) -> None:
    children = engine.Engine(load(settings), pod="engine", on_failure=print).tree.children
    shares = sum(child.spec.stop_timeout for child in children)
    assert shares <= engine.DRAIN_WITHIN
    assert engine.DRAIN_WITHIN + engine.CLOSE_WITHIN + LAST_WORDS < engine.STOP_WITHIN
    assert engine.STOP_WITHIN < THE_PODS


def test_what_an_actor_does_at_its_end_fits_its_share() -> None:
    shares = engine.STOP_SHARES
    assert shares["intake"] > intake.LEAVE_WITHIN
    assert intake.Intake.closes_within < shares["intake"]
    assert publisher.Publisher.closes_within < shares["publisher"]
