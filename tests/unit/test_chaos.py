"""The order in which a run of faults goes through them."""

from itertools import islice

import pytest

from tests.chaos.__main__ import names_of
from tests.chaos.faults import FAULTS
from tests.chaos.gateways import GATEWAY_FAULTS


@pytest.mark.parametrize("seed", range(5))
def test_a_run_begins_with_a_fault_of_gateways_and_has_each_as_often(seed: int) -> None:
    first = [*islice(names_of(seed, None), len(FAULTS))]
    assert first[0] in GATEWAY_FAULTS
    assert sorted(first) == sorted(FAULTS)


def test_a_run_has_only_the_faults_that_are_asked_for() -> None:
    assert [*islice(names_of(1, ["freeze"]), 3)] == ["freeze"] * 3
