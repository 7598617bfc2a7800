"""The reply to a message, and who waits for it."""

from queue import Full
from threading import Thread

import pykka
import pytest

from fixengine.supervision.reply import Reply


@pytest.fixture
def reply() -> Reply[int]:
    return Reply()


def test_all_who_wait_get_it_and_those_who_come_later(reply: Reply[int]) -> None:
    got: list[int] = []
    waiting = [Thread(target=lambda: got.append(reply.get(timeout=60))) for _ in range(3)]
    for each in waiting:
        each.start()
    reply.set(7)
    for each in waiting:
        each.join()
    assert [*got, reply.get(timeout=0), reply.get()] == [7] * 5


def test_none_is_a_reply_too(reply: Reply[int]) -> None:
    reply.set()
    assert reply.get(timeout=0) is None


@pytest.mark.parametrize("timeout", [0, -1, 0.01])
def test_who_waits_for_long_enough_goes_without_it(reply: Reply[int], timeout: float) -> None:
    with pytest.raises(pykka.Timeout):
        reply.get(timeout=timeout)
    reply.set(7)
    assert reply.get(timeout=timeout) == 7


def test_an_error_is_raised_for_each_who_waits_and_says_where_it_came_from(
    reply: Reply[int],
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("here")

    try:
        fail()
    except ZeroDivisionError:
        reply.set_exception()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="here") as caught:
            reply.get(timeout=0)
        assert "fail" in {entry.name for entry in caught.traceback}


def test_there_is_one_reply(reply: Reply[int]) -> None:
    reply.set(7)
    with pytest.raises(Full):
        reply.set(8)
    with pytest.raises(Full):
        reply.fail(ValueError())
    assert reply.get(timeout=0) == 7
