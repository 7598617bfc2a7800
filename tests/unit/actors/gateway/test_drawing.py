"""The drawing of the gateway's actors, in `actors/gateway/__init__.py`, is what the code does."""

import re
from pathlib import Path

import pytest

from fixengine.actors import gateway
from fixengine.actors.gateway import messages
from fixengine.gateway.children import Child
from tests.unit.actors.test_drawing import Sent, drawn_in, sent, source

DRAWING = gateway.__doc__ or ""
ACTORS = Path(*gateway.__path__).parent
CHANGES = Sent("requests", "asks", "desk", "ChangeExecution")  # that of an engine's desk


def places() -> dict[str, Path]:
    """Find the file or folder of each actor, as the drawing says where it is."""
    lines = re.findall(r"^    [│ ]*[├└]── (\w+) +([a-z/]+(?:/|\.py)) ", DRAWING, re.MULTILINE)
    return {name: ACTORS / place for name, place in lines}


def test_the_actors_stand_where_they_are_and_in_the_order_in_which_they_start() -> None:
    found = places()
    assert [name for name in found if name != "session"] == list(Child)
    assert [place for place in found.values() if not place.exists()] == []


def test_who_asks_and_tells_whom_is_drawn() -> None:
    assert drawn_in(DRAWING) == sent(messages) | {CHANGES}


@pytest.mark.parametrize("each", sorted(drawn_in(DRAWING)), ids=str)
def test_who_is_drawn_as_the_sender_sends_it(each: Sent) -> None:
    made = rf"(?<!case )(?<!class )\b{each.message}\("
    # some news is told by what its sender was given
    given_by = {"SessionEnded": places()["directory"], "SymbolMissed": places()["symbols"]}
    by_others = {"line": ACTORS / "gateway/inbox.py", "rest": places()["reader"]}
    place = given_by.get(each.message) or {**places(), **by_others}[each.sender]
    assert re.search(made, source(place))


@pytest.mark.parametrize(
    ("asker", "asked"),
    sorted((each.sender, each.receiver) for each in drawn_in(DRAWING) if each.how == "asks"),
)
def test_nobody_asks_an_actor_that_starts_later(asker: str, asked: str) -> None:
    order = [*places(), "rest"]
    assert order.index(asked) < order.index(asker)
