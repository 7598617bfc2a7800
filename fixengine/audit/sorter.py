"""Sorts more than memory has room for: sorted runs in files, merged in the end."""

import errno
import heapq
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from struct import Struct
from tempfile import TemporaryFile, gettempdir
from typing import IO

from fixengine.errors import ConflictError

Item = tuple[bytes, bytes]

_ROOM = 8 * 2**20
_OVERHEAD = 200  # bytes that Python takes for an item beside its own
_MOST_RUNS = 32
"""Runs of one size that there may be: so many of them become one of the next size."""

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
        self._sizes: list[list[IO[bytes]]] = []
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
        oldest_first = [run for runs in reversed(self._sizes) for run in runs]
        return heapq.merge(*map(_read, oldest_first), self._items, key=itemgetter(0))

    def close(self) -> None:
        """Let go of the files: an error may come before all is read. Safe to call twice."""
        for runs in self._sizes:
            for run in runs:
                run.close()

    def _spill(self) -> None:
        self._items.sort(key=itemgetter(0))
        self._keep(_written(self._items), 0)
        self._items, self._size = [], 0

    def _keep(self, run: IO[bytes], size: int) -> None:
        """Put a run with others of its size: however many there are, each item is written seldom.

        Those of a larger size are older.
        """
        if size == len(self._sizes):
            self._sizes.append([])
        runs = self._sizes[size]
        runs.append(run)
        if len(runs) == _MOST_RUNS:
            self._keep(_written(heapq.merge(*map(_read, runs), key=itemgetter(0))), size + 1)
            runs.clear()


def _written(items: Iterable[Item]) -> IO[bytes]:
    with _in_words():
        run = TemporaryFile()  # noqa: SIM115  it is read later, and closed when it was
    try:
        with _in_words():
            _write(items, run)
    except BaseException:
        with suppress(OSError):  # it tries once more to write what there was no room for
            run.close()
        raise
    return run


def _write(items: Iterable[Item], run: IO[bytes]) -> None:
    packer, block = zlib.compressobj(1), bytearray()
    for key, value in items:
        block += _LENGTHS.pack(len(key), len(value)) + key + value
        if len(block) >= _BLOCK:
            run.write(packer.compress(block))
            block.clear()
    run.write(packer.compress(block) + packer.flush())
    run.seek(0)


@contextmanager
def _in_words() -> Iterator[None]:
    """Raise ConflictError, with what to do, for what the system says of files."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EMFILE:
            remedy = "allow more open files, by ulimit -n 512"
        else:
            remedy = (
                "let the variable TMPDIR name a folder that can be written and has more room, or "
                "narrow the range by --since"
            )
        raise ConflictError(
            f"what was read can't be put aside in {_folder()}: {error.strerror}: {remedy}"
        ) from error


def _folder() -> str:
    try:
        return gettempdir()
    except FileNotFoundError:
        return "any folder"


def _read(run: IO[bytes]) -> Iterator[Item]:
    """Yield the items of a run and close it."""
    with run:
        unpacker, buffer, place = zlib.decompressobj(), b"", 0

        def has(needed: int) -> bool:
            nonlocal buffer, place
            while len(buffer) - place < needed:
                with _in_words():
                    packed = unpacker.unconsumed_tail or run.read(_PACKED_BLOCK)
                # no more than that: what repeats itself would come out a thousand times as long
                part = unpacker.decompress(packed, _BLOCK) if packed else unpacker.flush()
                if not (packed or part):
                    return False
                buffer, place = buffer[place:] + part, 0
            return True

        while has(_LENGTHS.size):
            key_length, value_length = _LENGTHS.unpack_from(buffer, place)
            has(_LENGTHS.size + key_length + value_length)
            start = place + _LENGTHS.size
            middle = start + key_length
            place = middle + value_length
            yield buffer[start:middle], buffer[middle:place]
