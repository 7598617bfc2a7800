"""More than there is room for comes out sorted."""

from pathlib import Path
from random import Random

import pytest

from fixengine.audit.sorter import Sorter
from fixengine.errors import ConflictError


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


def test_a_folder_without_room_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(ConflictError, match="TMPDIR"):
        Sorter(room=1).add(b"a", b"1")
