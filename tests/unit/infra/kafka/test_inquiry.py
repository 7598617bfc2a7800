"""When a question is asked again, and which answer counts: on a clock of the test's own."""

from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException

from fixengine.infra.kafka.inquiry import INTERVAL, Inquiry


class Cluster:
    """Keeps what it was asked, to answer when the test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[Future[str]] = []

    def ask(self) -> "Future[str]":
        self.asked.append(Future())
        return self.asked[-1]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def inquiry(cluster: Cluster) -> Inquiry[str]:
    return Inquiry(cluster.ask, clock=lambda: cluster.now)


def test_nobody_waits_for_an_answer_and_it_is_given_once(
    cluster: Cluster, inquiry: Inquiry[str]
) -> None:
    assert inquiry.answer() is None
    assert inquiry.answer() is None
    cluster.asked[0].set_result("one")
    assert inquiry.answer() == "one"
    assert inquiry.answer() is None
    assert len(cluster.asked) == 1


def test_the_next_question_comes_after_a_rest(cluster: Cluster, inquiry: Inquiry[str]) -> None:
    inquiry.answer()
    cluster.asked[0].set_result("one")
    inquiry.answer()
    cluster.now += INTERVAL - 1
    inquiry.answer()
    assert len(cluster.asked) == 1
    cluster.now += 1
    inquiry.answer()
    assert len(cluster.asked) == 2


def test_what_goes_wrong_is_raised_and_asked_again(cluster: Cluster, inquiry: Inquiry[str]) -> None:
    inquiry.answer()
    cluster.asked[0].set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    with pytest.raises(KafkaException):
        inquiry.answer()
    cluster.now += INTERVAL
    inquiry.answer()
    cluster.asked[1].set_result("two")
    assert inquiry.answer() == "two"


def test_an_answer_to_an_earlier_question_does_not_count(
    cluster: Cluster, inquiry: Inquiry[str]
) -> None:
    inquiry.answer()
    inquiry.again()
    cluster.asked[0].set_result("old")
    assert inquiry.answer() is None
    cluster.asked[1].set_result("new")
    assert inquiry.answer() == "new"
