"""The porter: who is shown out at the door, and who is let in."""

from threading import Event

import pytest

from fixengine.actors.gateway.messages import Admitted
from fixengine.attempts import MOST_WRONG
from fixengine.config.passwords import hash_password
from fixengine.demo.waiting import wait_until
from fixengine.supervision.refs import tell
from tests.support.fix.stub_ports import StubLine
from tests.support.log import heard
from tests.unit.actors.gateway.conftest import (
    LOGON,
    World,
    agreement,
    fall_silent,
    knock,
    knocked,
    live,
    outcome,
    wait_for,
    wait_until_shown_out,
)

HASH = hash_password(b"right")


class SlowLine(StubLine):
    """A client whose credentials take a while to be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.is_looked_at, self.is_done = Event(), Event()

    def __getattribute__(self, name: str) -> object:
        if name == "certificate_names":
            self.is_looked_at.set()
            assert self.is_done.wait(60)
        return super().__getattribute__(name)


def test_whoever_is_unknown_is_shown_out_without_a_word(world: World) -> None:
    world.directory(agreement("OMS2"))
    wait_until_shown_out(knock(world))
    assert world.store.taken == {}


@pytest.mark.parametrize("shown", ["", "554=wrong|", "553=somebody|554=right|"])
def test_wrong_credentials_take_nothing_and_reset_nothing(world: World, shown: str) -> None:
    world.directory(agreement(password=HASH, username=b"trader"))
    wait_until_shown_out(knock(world, f"{LOGON}141=Y|{shown}"))
    assert world.store.taken == {}
    assert outcome(world, "wrong_credentials") == 1


def test_the_right_password_is_let_in(world: World) -> None:
    world.directory(agreement(password=HASH, username=b"trader"))
    wait_for(knock(world, f"{LOGON}553=trader|554=right|"), "35=A|")


def test_an_address_with_many_wrong_passwords_is_not_heard_any_more(world: World) -> None:
    world.directory(agreement(password=HASH))
    for _ in range(MOST_WRONG):
        wait_until_shown_out(knock(world, f"{LOGON}554=wrong|"))
    wait_until_shown_out(knock(world, f"{LOGON}554=right|"))
    assert outcome(world, "too_many_attempts") == 1
    wait_for(knock(world, f"{LOGON}554=right|", address="192.0.2.2"), "35=A|")


def test_nobody_looks_at_the_password_of_a_client_that_has_given_up(world: World) -> None:
    world.directory(agreement(password=HASH))
    wait_until_shown_out(knock(world, f"{LOGON}554=wrong|", is_gone=True))
    wait_until_shown_out(knock(world, f"{LOGON}554=right|", is_gone=True))
    assert outcome(world, "wrong_credentials") == 0
    assert world.store.taken == {}


def test_a_certificate_has_to_have_one_of_the_names(world: World) -> None:
    world.directory(agreement(certificates=frozenset({"oms1.example.com"})))
    wait_until_shown_out(knock(world, certificate_names=frozenset({"other.example.com"})))
    wait_for(knock(world, certificate_names=frozenset({"oms1.example.com", "x"})), "35=A|")


def test_a_second_connection_of_a_client_that_shows_life_is_shown_out(world: World) -> None:
    world.directory()
    first = knock(world)
    wait_for(first, "35=A|")
    wait_until_shown_out(knock(world))
    assert not first.is_closed
    assert outcome(world, "second_connection") == 1


def test_a_half_open_line_stays_where_the_newcomer_has_no_password(world: World) -> None:
    world.directory(agreement(password=HASH))
    first = knock(world, f"{LOGON}554=right|")
    wait_for(first, "35=A|")
    fall_silent(live(world))
    wait_until_shown_out(knock(world))
    assert not first.is_closed


def test_the_log_names_all_by_which_a_client_is_known_and_no_reason_hides_another(
    world: World,
) -> None:
    world.directory(agreement("OMS2", password=HASH))
    with heard("WARNING", lambda line: line.record) as records:
        for peer in ("OMS1", "OMS2"):
            line = StubLine()
            tell(world.porter, knocked(line, LOGON, peer))
            wait_until_shown_out(line)
        refused = "a client may not log on"
        lines = [each["extra"] for each in records if each["message"] == refused]
    assert [(line["client"], line["why"]) for line in lines] == [
        ("OMS1", "unknown"),
        ("OMS2", "wrong_credentials"),
    ]
    assert {(line["target"], line["version"]) for line in lines} == {("FIXENGINE", "FIX.4.4")}


def test_while_credentials_are_looked_at_sessions_end_and_are_let_go(world: World) -> None:
    world.directory(agreement(), agreement("OMS2"))
    line, slow = knock(world), SlowLine()
    wait_for(line, "35=A|")
    tell(world.porter, knocked(slow, LOGON, "OMS2"))
    assert slow.is_looked_at.wait(60)
    assert line.receiver is not None
    line.receiver.lost("the client is gone")
    wait_until(lambda: not world.store.held, 60, "the session to be let go")
    assert slow.sent == []
    slow.is_done.set()
    wait_for(slow, "35=A|")


def test_who_waits_while_another_password_is_looked_at_may_wait_longer(world: World) -> None:
    world.directory(agreement(), agreement("OMS2"))
    first, second = SlowLine(), SlowLine()
    tell(world.porter, knocked(first))
    assert first.is_looked_at.wait(60)
    tell(world.porter, knocked(second, LOGON, "OMS2"))
    first.is_done.set()
    assert second.is_looked_at.wait(60)
    assert (first.waited_longer, second.waited_longer) == (1, 1)
    second.is_done.set()
    wait_for(second, "35=A|")
    assert (first.waited_longer, second.waited_longer) == (1, 2)


def test_of_two_clients_that_are_let_in_the_second_finds_the_first_logged_on(world: World) -> None:
    directory = world.directory()
    first = knock(world)
    wait_for(first, "35=A|")
    second = StubLine()
    tell(directory, Admitted(agreement=agreement(), knocked=knocked(second)))
    wait_until_shown_out(second)
    assert not first.is_closed
    assert outcome(world, "second_connection") == 1


def test_whoever_waits_for_a_porter_that_stops_is_shown_out(world: World) -> None:
    world.directory()
    slow, line = SlowLine(), StubLine()
    tell(world.porter, knocked(slow))
    assert slow.is_looked_at.wait(60)
    tell(world.porter, knocked(line))
    world.porter.stop(block=False)
    slow.is_done.set()
    wait_until_shown_out(line)
