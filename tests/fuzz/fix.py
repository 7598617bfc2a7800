"""Coverage-guided fuzzing of a FIX session: whatever comes, it keeps its promises and bounds."""

from collections.abc import Iterator
from random import Random

import atheris

with atheris.instrument_imports(include=["fixengine"]):
    from fixengine.fix.framing import LONGEST_BODY, Frame, Framer, encode
    from tests.support.fix.client import Client
    from tests.support.fix.sides import Reply

from tests.fuzz.guided import fuzz

_LONGEST = 4_096
_SOH = b"\x01"
_ORDER = "11=ID|54=1|38=1|40=1|55=INTC|60=20260302-09:30:00|"
_SEEDS = (
    ("35=0|34=2|",),
    ("35=1|34=2|112=x|", "35=5|34=3|"),
    (f"35=D|34=2|{_ORDER}", "35=2|34=3|7=1|16=0|"),
    (f"35=D|34=4|{_ORDER}", "35=4|34=2|43=Y|122=20260302-09:29:59|123=Y|36=4|"),
    ("35=B|34=2|95=8|96=8=FIX.4.|58=a|", "35=3|34=3|45=1|"),
    (f"35=D|34=2|{_ORDER}453=1|448=a|447=D|452=1|802=1|523=x|386=2|336=a|336=b|",),
    ("35=A|34=1|98=0|108=10|141=Y|789=1|", "35=4|34=9|36=3|"),
)
_VALUES = (b"", b"0", b"1", b"-1", b"2", b"3", b"Y", b"N", b"x", b"9" * 18, b"9" * 40, b"8=FIX.4.4")
_TAGS = (1, 7, 16, 34, 36, 43, 45, 49, 52, 58, 95, 96, 112, 122, 123, 141, 386, 453, 789, 5000)


def main() -> None:
    """Fuzz until the runs are over or something breaks."""
    fuzz("tests.fuzz.fix", __doc__, talk, spoil, _seeds, longest=_LONGEST)


def _seeds(_: int) -> Iterator[bytes]:
    client = Client()
    for texts in _SEEDS:
        yield b"".join(client.written(text) for text in texts)


def talk(stream: bytes) -> None:
    """Say it to a session, whole and in two pieces: the application sees the same."""
    cut = sum(stream) % (len(stream) + 1)
    assert _seen(stream) == _seen(stream[:cut], stream[cut:])


def _seen(*pieces: bytes) -> tuple[list[str], int, int]:
    client = Client(_answer).logged_on()
    for piece in pieces:
        client.sends(piece)  # reads the answers: all are well formed
    assert len(client.side.session._framer._buffer) <= LONGEST_BODY + _LONGEST
    client.waits(100)
    books = client.side.books
    assert sorted(books.kept) == list(range(1, books.next_out))
    return client.seen, books.next_in, books.resets


def _answer(message: object) -> list[Reply]:
    return [(b"B", ((58, b"yes"),))]


def spoil(stream: bytes, longest: int, seed: int) -> bytes:
    """Change a field of a message, and let length and checksum be right; or change bytes."""
    rng = Random(seed)
    frames = _frames(stream)
    if not frames or rng.randrange(4) == 0:
        return bytes(atheris.Mutate(stream, longest))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(frames))
        match rng.randrange(6):
            case 0:
                frames.insert(at, frames[rng.randrange(len(frames))])
            case 1 if len(frames) > 1:
                del frames[at]
            case _:
                frames[at] = Frame(frames[at].begin, _spoiled(rng, frames[at].body))
    return b"".join(encode(*frame) for frame in frames)[:longest]


def _spoiled(rng: Random, body: bytes) -> bytes:
    fields = body.rstrip(_SOH).split(_SOH)
    at = rng.randrange(len(fields))
    new = b"%d=%b" % (rng.choice(_TAGS), rng.choice(_VALUES))
    match rng.randrange(5):
        case 0:
            fields.insert(rng.randrange(len(fields)) + 1, new)
        case 1 if len(fields) > 1:
            del fields[at]
        case 2:
            fields.append(fields.pop(at))
        case 3:
            number = b"%d" % rng.randrange(1, 9)
            fields[at] = fields[at].partition(b"=")[0] + b"=" + number
        case _:
            fields[at] = fields[at].partition(b"=")[0] + b"=" + rng.choice(_VALUES)
    return _SOH.join(fields) + _SOH


def _frames(stream: bytes) -> list[Frame]:
    framer, found = Framer(), []
    framer.feed(stream)
    while (item := framer.next()) is not None:
        if isinstance(item, Frame):
            found.append(item)
    return found


if __name__ == "__main__":
    main()
