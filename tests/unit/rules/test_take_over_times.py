"""How long an engine may act on what proves that it lives."""

from fixengine.infra.lease import Lease
from fixengine.rules.take_over_times import LEASE
from tests.support.clocks import Clock


def test_without_a_proof_there_is_no_lease() -> None:
    assert Lease(Clock()).over


def test_it_is_over_when_the_last_proof_is_too_old() -> None:
    clock = Clock()
    lease = Lease(clock)
    lease.begin(clock.now)
    clock.now += LEASE - 1
    lease.renew(clock.now - 2)
    lease.renew(clock.now - 5)  # an older proof takes nothing back
    clock.now += LEASE - 2
    assert not lease.over
    clock.now += 0.1
    assert lease.over


def test_what_an_earlier_one_allowed_is_stopped_before_the_next_begins() -> None:
    clock, over = Clock(), list[bool]()
    lease = Lease(clock)
    lease.when_it_begins(lambda: over.append(lease.over))
    lease.begin(clock.now)
    lease.renew(clock.now + 1)
    assert over == [True]
    clock.now += LEASE + 2  # as when it was frozen, and nobody could look meanwhile
    lease.renew(clock.now)
    assert over == [True, True]
    assert not lease.over
    lease.begin(clock.now)  # under a number that has nothing to do with the one before
    assert len(over) == 3


def test_a_proof_from_before_a_freeze_begins_nothing() -> None:
    clock = Clock()
    lease = Lease(clock)
    lease.begin(clock.now)
    began = clock.now
    clock.now += LEASE + 1
    lease.renew(began)
    assert lease.over
