"""Limits of storage that would contradict each other are refused."""

import pytest

from fixengine.actors.storage.limits import StorageLimits
from fixengine.rules.take_over_times import LEASE


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"check_every": LEASE / 2}, "end the lease"),
        ({"check_faults_every": 60.0}, "the sooner it is looked at"),
        ({"check_refused_within": 10.0}, "the sooner it is looked at"),
        ({"apart_within": 5.0}, "delay a look"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(limits: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        StorageLimits(**limits)
