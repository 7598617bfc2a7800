"""When a member of the group counts as one: on a clock of the test's own."""

import json

import pytest
from confluent_kafka import KafkaError

from fixengine.infra.kafka.consumer.membership import SETTLES, Membership
from fixengine.ports.kafka import Standing
from tests.support.clocks import Clock

PATIENCE = 20.0
DENIED = KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.fixture
def member(clock: Clock) -> Membership:
    return Membership(group="engines", topic="orders", patience=PATIENCE, clock=clock)


def statistics(state: str, join_state: str) -> str:
    return json.dumps({"name": "x", "cgrp": {"state": state, "join_state": join_state}})


STEADY = statistics("up", "steady")
JOINING = statistics("up", "wait-join")
LOST = statistics("query-coord", "steady")


def test_it_is_down_until_partitions_have_something_to_say(member: Membership) -> None:
    assert not member.standing().up
    member.measured(JOINING)
    assert not member.standing().up
    member.assigned([1, 2])
    assert not member.standing().up
    member.heard(1)
    assert member.standing() == Standing(up=True, said="")


def test_that_it_has_just_begun_is_no_news_for_the_length_of_a_rebalance(
    member: Membership, clock: Clock
) -> None:
    member.measured(JOINING)
    clock.now += PATIENCE
    assert member.standing().early
    clock.now += 1
    assert not member.standing().early
    assert not member.standing().up


def test_a_refusal_is_news_at_once(member: Membership) -> None:
    member.refused(DENIED, "denied", partition=None, offset=0)
    assert not member.standing().early


def test_partitions_that_say_nothing_for_long_are_fine(member: Membership, clock: Clock) -> None:
    """They are paused, or slow."""
    member.assigned([1])
    member.measured(STEADY)
    assert not member.standing().up
    clock.now += SETTLES
    member.measured(STEADY)
    assert member.standing().up


def test_an_empty_assignment_counts(member: Membership) -> None:
    member.assigned([])
    assert member.standing() == Standing(up=True, said="no partitions are assigned")


def test_a_topic_that_does_not_exist_needs_a_coordinator_alone(member: Membership) -> None:
    member.missing()
    assert not member.standing().up
    member.measured(statistics("up", "init"))
    assert member.standing() == Standing(up=True, said="the orders topic does not exist yet")


def test_a_rebalance_may_take_its_time_and_no_more(member: Membership, clock: Clock) -> None:
    member.assigned([1])
    member.heard(1)
    member.dropped([1])
    for _ in range(int(PATIENCE)):
        clock.now += 1
        member.measured(JOINING)
        assert member.standing().up
    clock.now += 1
    member.measured(JOINING)
    assert not member.standing().up
    assert "waits for its other members" in member.standing().said
    member.assigned([])
    assert member.standing().up


def test_a_lost_coordinator_is_told_with_its_cause(member: Membership, clock: Clock) -> None:
    member.assigned([])
    member.failed("kafka:9092 can't be used: Connection refused")
    clock.now += PATIENCE + 1
    member.measured(LOST)
    assert "coordinator can't be reached: kafka:9092" in member.standing().said


def test_a_partition_that_is_denied_stays_so_until_it_speaks(member: Membership) -> None:
    member.assigned([1, 2])
    member.heard(2)
    assert member.refused(DENIED, "denied", partition=1, offset=7)
    member.measured(STEADY)
    assert not member.standing().up
    assert member.denied == {1: 7}
    member.heard(1)
    assert member.standing().up
    assert member.denied == {}


def test_a_partition_with_damaged_records_is_named_until_it_is_read_on(member: Membership) -> None:
    member.assigned({2, 3})
    member.heard(2)
    code = KafkaError._BAD_COMPRESSION
    assert member.refused(code, "Invalid compressed data", partition=3, offset=5)
    member.heard(2)
    standing = member.standing()
    assert not standing.up
    assert standing.said.startswith(
        "nothing is read from orders 3/5 on: Invalid compressed data: where this does not pass, "
    )
    assert member.denied == {3: 5}  # to be asked again
    member.heard(3)
    assert member.standing() == Standing(up=True, said="")


def test_a_rebalance_does_not_hide_that_partitions_are_denied(member: Membership) -> None:
    member.assigned([1])
    member.refused(DENIED, "denied", partition=1, offset=0)
    member.dropped([1])
    assert not member.standing().up
    member.assigned([2])
    assert not member.standing().up
    member.heard(2)
    assert member.standing().up


def test_a_group_that_refuses_is_down_until_it_confirms(member: Membership) -> None:
    member.assigned([])
    code = KafkaError.GROUP_AUTHORIZATION_FAILED
    member.refused(code, "denied", partition=None, offset=0)
    assert not member.standing().up
    member.measured(JOINING)
    assert not member.standing().up
    member.assigned([])
    assert member.standing().up
