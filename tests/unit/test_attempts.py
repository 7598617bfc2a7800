"""Wrong secrets: an address that shows many is not heard for a while."""

import pytest

from fixengine.attempts import MOST_WRONG, NOT_HEARD_FOR, Attempts
from tests.support.clocks import Clock


def show(attempts: Attempts, address: str, *, right: bool) -> bool | None:
    return attempts.is_right(address, lambda: right)


def exhaust(attempts: Attempts, address: str) -> None:
    for _ in range(MOST_WRONG):
        assert show(attempts, address, right=False) is False


def test_after_many_wrong_ones_not_even_the_right_one_is_looked_at() -> None:
    attempts = Attempts(timer=Clock())
    exhaust(attempts, "192.0.2.1")
    assert show(attempts, "192.0.2.1", right=True) is None


def test_an_address_is_heard_again_after_a_while() -> None:
    clock = Clock()
    attempts = Attempts(timer=clock)
    exhaust(attempts, "192.0.2.1")
    clock.now += NOT_HEARD_FOR + 0.1
    assert show(attempts, "192.0.2.1", right=True) is True


@pytest.mark.parametrize("other", ["192.0.2.2", "2001:db8:0:1::1", "no address"])
def test_one_address_harms_no_other(other: str) -> None:
    attempts = Attempts(timer=Clock())
    exhaust(attempts, "192.0.2.1")
    assert show(attempts, other, right=True) is True


def test_addresses_of_one_network_are_one() -> None:
    attempts = Attempts(timer=Clock())
    exhaust(attempts, "2001:db8::1")
    assert show(attempts, "2001:db8::ffff", right=True) is None


def test_an_old_address_written_as_a_new_one_is_the_same() -> None:
    attempts = Attempts(timer=Clock())
    exhaust(attempts, "::ffff:192.0.2.1")
    assert show(attempts, "192.0.2.1", right=True) is None


def test_right_ones_are_not_counted() -> None:
    attempts = Attempts(timer=Clock())
    assert {show(attempts, "192.0.2.1", right=True) for _ in range(3 * MOST_WRONG)} == {True}
