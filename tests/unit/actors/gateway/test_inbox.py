"""A session's inbox: filled by one thread, emptied by another, and never forgotten."""

from fixengine.actors.gateway.inbox import Inbox
from fixengine.actors.gateway.live import Life
from fixengine.actors.gateway.messages import BytesCame, LineLost
from fixengine.demo.waiting import wait_until
from tests.unit.actors.gateway.conftest import World


def test_of_pieces_that_come_together_only_the_first_is_told(world: World) -> None:
    inbox = Inbox(world.ears(), Life(30))
    inbox.received(b"a")
    inbox.received(b"b")
    inbox.lost("gone")
    assert inbox.take(10) == b"ab"
    wait_until(lambda: LineLost(why="gone") in world.told, 60, "the loss to be told")
    assert set(world.told[:-1]) == {BytesCame()}


def test_what_is_left_is_told_again(world: World) -> None:
    inbox = Inbox(world.ears(), Life(30))
    for piece in (b"aa", b"bb", b"cc"):
        inbox.received(piece)
    assert inbox.take(3) == b"aabb"
    wait_until(lambda: world.told.count(BytesCame()) == 2, 60, "the rest to be told")
    assert inbox.take(3) == b"cc"
    inbox.received(b"d")
    wait_until(lambda: world.told.count(BytesCame()) == 3, 60, "the next piece to be told")


def test_the_end_of_a_line_is_told_when_all_that_came_before_it_is_taken(world: World) -> None:
    inbox = Inbox(world.ears(), Life(30))
    for piece in (b"aa", b"bb"):
        inbox.received(piece)
    inbox.lost("gone")
    assert inbox.take(1) == b"aa"
    told = len(world.told)
    assert inbox.take(1) == b"bb"
    wait_until(lambda: LineLost(why="gone") in world.told, 60, "the loss to be told")
    assert LineLost(why="gone") not in world.told[:told]


def test_what_comes_shows_life_until_the_line_is_lost(world: World) -> None:
    life = Life(1)
    inbox = Inbox(world.ears(), life)
    life._heard_at -= 10
    before = life.is_shown
    inbox.received(b"a")
    after = life.is_shown
    inbox.lost("gone")
    assert (before, after, life.is_shown) == (False, True, False)
