"""Limits of storage that would contradict each other are refused."""

import pytest

from fixengine.actors.storage.limits import StorageLimits
from fixengine.rules.take_over_times import LEASE


@pytest.mark.parametrize(
    "limits",
    [
        {"check_every": LEASE / 2},
        {"check_faults_every": 60.0},
        {"check_refused_within": 10.0},
        {"apart_within": 5.0},
    ],
)
def test_limits_that_contradict_each_other_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(AssertionError):
        StorageLimits(**limits)
