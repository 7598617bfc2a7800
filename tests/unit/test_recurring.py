"""What happens again and again is said at first, and then counted."""

from threading import Thread
from typing import Any

from loguru import logger

from fixengine import recurring
from fixengine.demo.waiting import wait_until
from fixengine.recurring import Recurring, end_counts

LONG = 600.0
SHORT = 0.2


def times(lines: list[dict[str, Any]]) -> list[int]:
    return [line["times"] for line in lines]


def test_the_first_is_said_at_once(lines: list[dict[str, Any]]) -> None:
    Recurring("ERROR", "it broke", seconds=LONG).happened(reason="rust")
    assert lines == [{"event": "it broke", "level": "ERROR", "times": 1, "reason": "rust"}]


def test_what_follows_is_counted_and_said_in_one_line_with_the_latest(
    lines: list[dict[str, Any]],
) -> None:
    event = Recurring("WARNING", "it broke", seconds=SHORT)
    for number in range(2000):
        event.happened(number=number)
    wait_until(lambda: sum(times(lines)) == 2000, 60, "all to be said")
    assert lines[0]["number"] == 0
    assert lines[-1]["number"] == 1999
    assert len(lines) < 200


def test_what_comes_in_numbers_is_counted_by_them(lines: list[dict[str, Any]]) -> None:
    event = Recurring("WARNING", "they broke", seconds=LONG)
    for number in (5, 7, 11):
        event.happened(number)
    end_counts()
    assert times(lines) == [5, 18]


def test_when_it_is_over_the_next_one_is_a_first_one_again(lines: list[dict[str, Any]]) -> None:
    event = Recurring("WARNING", "it broke", seconds=SHORT)
    event.happened()
    event.happened()
    wait_until(lambda: event._counted not in recurring._counting, 60, "the end of counting")
    event.happened()
    assert times(lines) == [1, 1, 1]


def test_events_are_counted_apart(lines: list[dict[str, Any]]) -> None:
    one, other = (Recurring("INFO", event, seconds=LONG) for event in ("one", "other"))
    for event in (one, one, other):
        event.happened()
    assert [line["event"] for line in lines] == ["one", "other"]


def test_many_threads_lose_no_count(lines: list[dict[str, Any]]) -> None:
    event = Recurring("WARNING", "it broke", seconds=0.01)

    def go_on() -> None:
        for _ in range(1000):
            event.happened()

    threads = [Thread(target=go_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end_counts()
    # a count that its time had just ended may be on its way into the log
    wait_until(lambda: sum(times(lines)) == 8000, 60, "all to be counted")


def test_a_count_is_of_the_actor_whose_events_it_counts(lines: list[dict[str, Any]]) -> None:
    event = Recurring("WARNING", "it broke", seconds=SHORT)
    with logger.contextualize(actor="intake"):
        event.happened()
        event.happened()
    wait_until(lambda: len(lines) == 2, 60, "the count")
    assert [line["actor"] for line in lines] == ["intake", "intake"]


def test_the_end_of_the_process_says_what_was_counted_and_nothing_twice(
    lines: list[dict[str, Any]],
) -> None:
    event = Recurring("WARNING", "it broke", seconds=LONG)
    for _ in range(3):
        event.happened()
    end_counts()
    end_counts()
    assert times(lines) == [1, 2]


def test_a_bug_comes_with_its_traceback(lines: list[dict[str, Any]]) -> None:
    seen: list[str] = []
    sink = logger.add(seen.append)
    Recurring("ERROR", "it broke", seconds=LONG).happened(exception=ValueError("a bug"))
    logger.remove(sink)
    assert "ValueError: a bug" in seen[0]
