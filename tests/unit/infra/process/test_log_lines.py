"""Who logs waits for nobody who does not read; what is lost is counted."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.infra.process.log_lines import MOST_WAITING, LogLines

LONG = "x" * (MOST_WAITING // 10) + "\n"


class Reader:
    """Reads what is written while it is `there`; `fails` is raised when it is set."""

    def __init__(self) -> None:
        self.there = Event()
        self.there.set()
        self.fails: Exception | None = None
        self.read: list[str] = []

    def take(self, text: str) -> None:
        self.there.wait()
        if self.fails is not None:
            raise self.fails
        self.read.append(text)


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.there.set()


@pytest.fixture
def lost() -> list[int]:
    """What was said of lost lines, once they could be read again."""
    return []


@pytest.fixture
def counted() -> list[None]:
    """As many as lines were lost."""
    return []


@pytest.fixture
def lines(reader: Reader, lost: list[int], counted: list[None]) -> LogLines:
    lines = LogLines(reader.take)
    lines.watch(on_lost=lambda: counted.append(None), on_found=lost.append)
    return lines


def test_a_line_is_out_when_who_logs_goes_on(lines: LogLines, reader: Reader) -> None:
    for number in range(100):
        lines.write(f"{number}\n")
        assert reader.read[-1] == f"{number}\n"


def test_nobody_waits_for_a_reader_that_is_gone_and_the_order_stays(
    lines: LogLines, reader: Reader, lost: list[int]
) -> None:
    reader.there.clear()
    for number in range(1000):
        lines.write(f"{number}\n")
    reader.there.set()
    lines.flush(30)
    assert reader.read == [f"{number}\n" for number in range(1000)]
    assert lost == []


def test_what_has_no_place_is_lost_and_counted_and_said_when_it_is_read_again(
    lines: LogLines, reader: Reader, lost: list[int], counted: list[None]
) -> None:
    reader.there.clear()
    for _ in range(50):
        lines.write(LONG)
    assert 35 <= len(counted) <= 40
    reader.there.set()
    wait_until(lambda: lost, 60, "the count")
    assert lost == [len(counted)]
    assert len(reader.read) + len(counted) == 50
    lines.write("as before\n")
    assert reader.read[-1] == "as before\n"


def test_the_end_waits_for_what_waits_but_not_for_ever(lines: LogLines, reader: Reader) -> None:
    reader.there.clear()
    lines.write("last words\n")
    lines.flush(0.01)
    reader.there.set()
    lines.flush(30)
    assert reader.read == ["last words\n"]


@pytest.mark.parametrize(
    "error", [BrokenPipeError(), OSError("no space left"), ValueError("closed"), MemoryError()]
)
def test_a_line_that_nobody_can_write_is_lost_and_the_next_is_tried(
    lines: LogLines, reader: Reader, lost: list[int], error: Exception
) -> None:
    reader.fails = error
    for _ in range(3):
        lines.write("lost\n")
    reader.fails = None
    lines.write("read\n")
    wait_until(lambda: lost == [3], 60, "the count")
    assert reader.read == ["read\n"]


def test_many_threads_lose_nothing_to_each_other(lines: LogLines, reader: Reader) -> None:
    def talk(name: int) -> None:
        for number in range(100):
            lines.write(f"{name} {number}\n")

    threads = [Thread(target=talk, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.flush(30)
    assert sorted(reader.read) == sorted(
        f"{name} {number}\n" for name in range(8) for number in range(100)
    )
    for name in range(8):
        own = [line for line in reader.read if line.startswith(f"{name} ")]
        assert own == [f"{name} {number}\n" for number in range(100)]
