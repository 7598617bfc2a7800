"""A message that an actor tells itself once, however often it asks for that."""

from collections.abc import Iterator

import pytest

from fixengine.supervision.actor import Actor
from fixengine.supervision.reminder import Reminder
from tests.support.rows import PATIENCE


class Forgetful(Actor):
    """Asks to be reminded in so many seconds, of several at once, and counts how often it is."""

    def __init__(self) -> None:
        super().__init__()
        self._reminded = 0
        self._reminder = Reminder(self, "remember")

    def receive(self, message: object) -> int:
        match message:
            case tuple():
                for seconds in message:
                    self._reminder.set(seconds)
            case "remember":
                self._reminder.came()
                self._reminded += 1
        return self._reminded


class Told:
    """An actor that is asked one thing after the other."""

    def __init__(self) -> None:
        self._ref = Forgetful.start()

    def remind(self, *seconds: float) -> None:
        self._ref.ask(seconds, timeout=PATIENCE)

    def count(self) -> int:
        """Return how often it was told, when all that is before this was seen to."""
        count = self._ref.ask("how often?", timeout=PATIENCE)
        assert isinstance(count, int)
        return count

    def stop(self) -> None:
        self._ref.stop()


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    told.stop()


def test_who_asks_twice_is_told_once(told: Told) -> None:
    told.remind(0.0, 0.0)
    assert told.count() == 1


def test_who_is_to_be_told_later_is_not_told_at_once(told: Told) -> None:
    told.remind(3_600.0, 0.0)
    assert told.count() == 0


def test_who_was_told_can_ask_for_it_again(told: Told) -> None:
    told.remind(0.0)
    assert told.count() == 1
    told.remind(0.0)
    assert told.count() == 2
