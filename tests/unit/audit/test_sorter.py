"""More than there is room for comes out sorted."""

import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import IO

import pytest

from fixengine.audit import sorter as module
from fixengine.audit.sorter import Item, Sorter
from fixengine.errors import ConflictError
from tests.support.nameless_files import count_nameless_files


@pytest.mark.parametrize("room", [1, 5_000, 2**20])
def test_items_come_out_by_key_and_those_of_one_key_as_they_went_in(room: int) -> None:
    rng = Random(1)
    items = [
        (rng.randrange(50).to_bytes(2), f"{number}".encode() * rng.randrange(40))
        for number in range(500)
    ]
    sorter = Sorter(room=room)
    for key, value in items:
        sorter.add(key, value)
    assert len(sorter) == 500
    assert list(sorter) == sorted(items, key=lambda item: item[0])


def test_an_item_may_be_larger_than_the_room() -> None:
    large = bytes(3 * 2**20)
    sorter = Sorter(room=1_000)
    for key in (b"b", b"a"):
        sorter.add(key, large + key)
    assert list(sorter) == [(b"a", large + b"a"), (b"b", large + b"b")]


def test_no_file_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sorter = Sorter(room=1)
    sorter.add(b"a", b"1")
    assert list(tmp_path.iterdir()) == []
    assert list(sorter) == [(b"a", b"1")]


def test_a_sorter_that_is_closed_before_all_is_read_leaves_no_file_open() -> None:
    before = count_nameless_files()
    sorter = Sorter(room=1)
    for number in range(40):
        sorter.add(b"key", f"{number}".encode())
    items = iter(sorter)
    assert next(items) == (b"key", b"0")
    assert count_nameless_files() > before
    for _ in range(2):
        sorter.close()
        assert count_nameless_files() == before


def test_a_folder_without_room_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(ConflictError, match="TMPDIR"):
        Sorter(room=1).add(b"a", b"1")


def test_the_folder_without_room_is_named_and_nothing_else_is_said() -> None:
    """A limit on the size of files stands for a folder that is full."""
    program = (
        "import resource, signal\n"
        "from fixengine.audit.sorter import Sorter\n"
        "from fixengine.errors import ConflictError\n"
        "from random import Random\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "sorter = Sorter(room=1_000_000)\n"
        "try:\n"
        "    for number in range(3):\n"
        "        sorter.add(b'key', Random(number).randbytes(500_000))\n"
        "except ConflictError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "can't be put aside in /" in done.stdout
    assert "File too large" in done.stdout
    assert done.stderr == ""


def test_however_many_items_there_are_each_is_written_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = 0
    write = module._write

    def counted(items: Iterable[Item], run: IO[bytes]) -> None:
        nonlocal written
        items = [*items]
        written += len(items)
        write(items, run)

    monkeypatch.setattr(module, "_write", counted)
    sorter = Sorter(room=1)
    for number in range(1_500):
        sorter.add(b"key", f"{number}".encode())
    assert written < 4_500
    assert [int(value) for _, value in sorter] == [*range(1_500)]


def test_what_repeats_itself_takes_no_more_memory_than_other_items() -> None:
    sorter = Sorter(room=8 * 2**20)
    for number in range(800):
        sorter.add(number.to_bytes(2), b"a" * 100_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in sorter) == 800
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
