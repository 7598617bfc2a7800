"""How far claims keep apart."""

import pytest

from fixengine.actors.filling.company import WANTED, Company
from fixengine.actors.filling.limits import FILL_LIMITS


def after(company: Company, *, claims: int, per_second: float) -> float:
    """Return the distance after so many claims at a steady rate."""
    for _ in range(claims):
        company.came(round(per_second * company.seconds))
    return company.seconds


def test_where_little_is_due_claims_soon_keep_as_far_apart_as_they_may() -> None:
    assert after(Company(0.015, 0.25), claims=6, per_second=18) == 0.25
    assert after(Company(0.015, 0.25), claims=6, per_second=0) == 0.25


def test_one_large_claim_closes_the_distance() -> None:
    company = Company(0.015, 0.25)
    after(company, claims=6, per_second=1)
    company.came(800)
    assert company.seconds == 0.015


@pytest.mark.parametrize("per_second", [100, 400])
def test_in_between_as_many_come_together_as_are_wanted(per_second: float) -> None:
    seconds = after(Company(0.015, 0.25), claims=50, per_second=per_second)
    assert per_second * seconds == pytest.approx(WANTED, abs=1)


def test_no_fill_waits_for_longer_than_a_part_of_the_delay_before_it() -> None:
    limits = FILL_LIMITS.with_delay(0.4)
    assert after(Company(limits.apart, limits.furthest_apart), claims=9, per_second=1) == 0.1
    limits = FILL_LIMITS.with_delay(0)
    assert after(Company(limits.apart, limits.furthest_apart), claims=9, per_second=1) == 0.015


def test_with_an_interval_the_distance_is_the_interval() -> None:
    limits = FILL_LIMITS.one_every(3)
    assert after(Company(limits.apart, limits.furthest_apart), claims=9, per_second=1) == 3
    assert after(Company(limits.apart, limits.furthest_apart), claims=9, per_second=100) == 3
