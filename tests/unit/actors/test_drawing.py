"""The drawing of the actors, in `fixengine/actors/__init__.py`, is what the code does."""

import re
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from fixengine import actors
from fixengine.actors import messages
from fixengine.actors.reading import messages as questions
from fixengine.engine.children import READERS, Child
from fixengine.supervision.refs import Request

DRAWING = actors.__doc__ or ""


class Sent(NamedTuple):
    """A message in the drawing."""

    sender: str
    how: str
    receiver: str
    message: str


def drawn() -> set[Sent]:
    return drawn_in(DRAWING)


def drawn_in(drawing: str) -> set[Sent]:
    lines = re.findall(r"^ +(\S+) +(asks|tells) +(\S+) +(.+)$", drawing, re.MULTILINE)
    return {
        Sent(sender, how, receiver, message)
        for sender, how, receiver, all_of_them in lines
        for message in all_of_them.split()
    }


def sent(module: ModuleType) -> set[Sent]:
    """Find the messages of a module, as their first lines say who sends them to whom."""
    found = set()
    for name, kind in vars(module).items():
        first_line = re.match(r"([\w, -]+) → ([\w, -]+): ", getattr(kind, "__doc__", None) or "")
        if getattr(kind, "__module__", None) == module.__name__ and first_line is not None:
            how = "asks" if issubclass(kind, Request) else "tells"
            ends = (names.lower().split(", ") for names in first_line.groups())
            found |= {Sent(sender, how, receiver, name) for sender, receiver in product(*ends)}
    return found


def places() -> dict[str, Path]:
    """Find the file or folder of each actor, as the drawing says where it is."""
    lines = re.findall(r"^    [├└]── (\S.*?)  +([a-z]+(?:/|\.py)) ", DRAWING, re.MULTILINE)
    folder = Path(*actors.__path__)
    return {
        name: folder / place
        for names, place in lines
        for name in names.replace(", -", ", reader-").split(", ")
    }


def source(place: Path) -> str:
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_the_actors_stand_where_they_are_and_in_the_order_in_which_they_start() -> None:
    assert list(places()) == list(Child)
    assert [place for place in places().values() if not place.exists()] == []


def test_who_asks_and_tells_whom_is_drawn() -> None:
    of_rest = {each for each in sent(questions) if each.message != "ReaderQuery"}
    assert drawn() == sent(messages) | of_rest


@pytest.mark.parametrize("each", sorted(drawn()), ids=str)
def test_who_is_drawn_as_the_sender_sends_it(each: Sent) -> None:
    # what REST holds of an actor stands beside that actor
    sender = each.receiver if each.sender == "rest" else each.sender
    sender = Child.READER_1 if sender == "reader" else sender
    made = rf"(?<!case )(?<!class )\b{each.message}\("
    assert re.search(made, source(places()[sender]))


@pytest.mark.parametrize("each", sorted(each for each in drawn() if each.how == "asks"), ids=str)
def test_nobody_asks_an_actor_that_starts_later(each: Sent) -> None:
    order = ["reader" if child in READERS else child.value for child in Child] + ["rest"]
    assert order.index(each.receiver) < order.index(each.sender)
