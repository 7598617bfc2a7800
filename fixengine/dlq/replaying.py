"""Dead letters are sent again, each of them once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fixengine.dlq.letterbox import Letterbox
from fixengine.errors import MalformedError
from fixengine.wire.letters import Letter, Place, Replay, replay_of
from fixengine.wire.orders import decode_order


class Fate(StrEnum):
    """What became of a letter that was to be replayed."""

    REPLAYED = "replayed"
    BEFORE = "replayed before"
    NOT = "not replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a letter: where it was sent, or why it was not sent and what to do."""

    place: Place
    fate: Fate
    said: str


def replay(
    box: Letterbox, letters: Iterable[Letter], *, fix: bytes | None = None
) -> tuple[Outcome, ...]:
    """Send letters again, with the corrected body if one is given.

    Letters that were replayed before are left alone, and so are letters that the engine would
    refuse again.
    """
    chosen = tuple(letters)
    ready: dict[Place, Replay] = {}
    outcomes: dict[Place, Outcome] = {}
    before = box.replays(chosen)
    for letter in chosen:
        prepared = _prepare(letter, fix, before, box)
        if isinstance(prepared, Replay):
            ready[letter.place] = prepared
        else:
            outcomes[letter.place] = prepared
    outcomes.update(_send(box, ready))
    return tuple(outcomes[letter.place] for letter in chosen)


def refusal(body: bytes | None) -> str | None:
    """Return why the decoder would refuse an order with this body; None when it would not."""
    try:
        decode_order(body)
    except MalformedError as error:
        return str(error)
    return None


def gone(letter: Letter) -> str:
    """Say of a shortened letter that its order can't be had any more, and what to do."""
    where = f"{letter.topic} {letter.source}"
    advice = "--fix sends a whole body" if letter.can_be_fixed else "have the sender send it again"
    return f"it was shortened, and {where} no longer has the whole order: {advice}"


def _prepare(
    letter: Letter, fix: bytes | None, before: Mapping[Place, Place], box: Letterbox
) -> Replay | Outcome:
    if letter.place in before:
        where = f"to {box.orders_topic} {before[letter.place]}"
        return Outcome(place=letter.place, fate=Fate.BEFORE, said=where)
    if letter.shortened is not None:
        whole = box.restored(letter)
        if whole is None and (fix is None or not letter.can_be_fixed):
            return _not(letter, gone(letter))
        letter = whole or letter
    body = letter.record.value if fix is None else fix
    replayable = replay_of(letter, body)
    if replayable is None or letter.topic != box.orders_topic:
        return _not(
            letter,
            f"it does not say where on {box.orders_topic} it failed: look at its headers with show",
        )
    if (reason := refusal(body)) is not None:
        return _not(letter, f"it would be refused: {reason}: give a corrected body with --fix")
    return replayable


def _not(letter: Letter, said: str) -> Outcome:
    return Outcome(place=letter.place, fate=Fate.NOT, said=said)


def _send(box: Letterbox, ready: Mapping[Place, Replay]) -> Iterator[tuple[Place, Outcome]]:
    problems = box.send(tuple(ready.values())) if ready else ()
    for (place, sent), problem in zip(ready.items(), problems, strict=True):
        if problem is None:
            where = f"to {box.orders_topic}, partition {sent.partition}"
            yield place, Outcome(place=place, fate=Fate.REPLAYED, said=where)
        else:
            advice = "replay it again, it is left alone if it did arrive"
            yield place, Outcome(place=place, fate=Fate.NOT, said=f"{problem}: {advice}")
