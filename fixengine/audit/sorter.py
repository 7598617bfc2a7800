"""Sorts more than memory has room for: sorted runs in files, merged in the end."""

import heapq
import zlib
from collections.abc import Iterable, Iterator
from operator import itemgetter
from struct import Struct
from tempfile import TemporaryFile
from typing import IO

from fixengine.errors import ConflictError

Item = tuple[bytes, bytes]

_ROOM = 16 * 2**20
_OVERHEAD = 200  # bytes that Python takes for an item beside its own
_MOST_RUNS = 64
_LENGTHS = Struct(">II")
_BLOCK = 64 * 2**10
_PACKED_BLOCK = 8 * 2**10


class Sorter:
    """Items come out by their keys, those of one key as they went in.

    A run is a file without a name, which is gone with the process however that ends. It is written
    compressed: keys that are alike have values that are alike.
    """

    def __init__(self, *, room: int = _ROOM) -> None:
        """Take how many bytes may be in memory, about."""
        self._room = room
        self._items: list[Item] = []
        self._size = 0
        self._runs: list[IO[bytes]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: bytes, value: bytes) -> None:
        """Take an item; raises ConflictError when there is no room for files."""
        self._items.append((key, value))
        self._count += 1
        self._size += len(key) + len(value) + _OVERHEAD
        if self._size >= self._room:
            self._spill()

    def __iter__(self) -> Iterator[Item]:
        """Yield all that was added, once."""
        self._items.sort(key=itemgetter(0))
        return heapq.merge(*map(_read, self._runs), self._items, key=itemgetter(0))

    def _spill(self) -> None:
        self._items.sort(key=itemgetter(0))
        self._runs.append(_written(self._items))
        self._items, self._size = [], 0
        if len(self._runs) == _MOST_RUNS:
            self._runs = [_written(heapq.merge(*map(_read, self._runs), key=itemgetter(0)))]


def _written(items: Iterable[Item]) -> IO[bytes]:
    try:
        run = TemporaryFile()  # noqa: SIM115  it is read later, and closed when it was
        packer, block = zlib.compressobj(1), bytearray()
        for key, value in items:
            block += _LENGTHS.pack(len(key), len(value)) + key + value
            if len(block) >= _BLOCK:
                run.write(packer.compress(block))
                block.clear()
        run.write(packer.compress(block) + packer.flush())
        run.seek(0)
    except OSError as error:
        raise ConflictError(
            f"what was read can't be put aside: {error.strerror}: let the variable TMPDIR name a "
            "folder with more room, or narrow the range by --since"
        ) from error
    return run


def _read(run: IO[bytes]) -> Iterator[Item]:
    """Yield the items of a run and close it."""
    with run:
        unpacker, buffer, place = zlib.decompressobj(), b"", 0

        def has(needed: int) -> bool:
            nonlocal buffer, place
            while len(buffer) - place < needed:
                packed = run.read(_PACKED_BLOCK)
                if not packed:
                    return False
                buffer, place = buffer[place:] + unpacker.decompress(packed), 0
            return True

        while has(_LENGTHS.size):
            key_length, value_length = _LENGTHS.unpack_from(buffer, place)
            has(_LENGTHS.size + key_length + value_length)
            start = place + _LENGTHS.size
            middle = start + key_length
            place = middle + value_length
            yield buffer[start:middle], buffer[middle:place]
