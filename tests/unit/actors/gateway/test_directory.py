"""The directory: who waits for a session, and who is logged on."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.actors.gateway.messages import SessionsLost, SessionsWanted
from fixengine.demo.waiting import wait_until
from fixengine.rules.trading_day import TradingDay
from fixengine.supervision.lifecycle import Crash
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import tell
from tests.support.fix.stub_ports import StubLine
from tests.unit.actors.gateway.conftest import (
    LOGON,
    OMS,
    World,
    agreement,
    fall_silent,
    knock,
    knocked,
    live,
    message,
    outcome,
    said,
    wait_for,
    wait_until_shown_out,
)


def test_a_client_with_an_agreement_is_logged_on(world: World) -> None:
    world.directory()
    line = knock(world)
    wait_for(line, "35=A|34=1|")
    assert live(world).session_id in world.store.held


def test_a_client_that_comes_back_takes_the_place_of_its_half_open_line(world: World) -> None:
    world.directory()
    first = knock(world)
    wait_for(first, "35=A|34=1|")
    fall_silent(live(world))
    second = knock(world, "34=2|98=0|108=30|")
    wait_for(second, "35=A|34=2|")
    assert first.is_closed


def test_a_client_whose_line_is_lost_may_come_back_before_its_session_has_ended(
    world: World,
) -> None:
    world.directory()
    first = knock(world)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    world.store.may_commit.clear()
    first.receiver.received(message("1|34=2|112=x|"))  # the session waits for its commit
    wait_until(lambda: mailbox_of(live(world).ref).busy_since, 60, "the session to be at work")
    first.receiver.lost("the client is gone")
    second = knock(world, "34=3|98=0|108=30|")
    world.store.may_commit.set()
    wait_for(second, "35=A|34=3|")


def test_a_client_that_has_logged_out_may_come_back_at_once(world: World) -> None:
    world.directory()
    first = knock(world)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    life = live(world).life
    first.receiver.received(message("5|34=2|"))
    wait_for(first, "35=5|34=2|")
    assert not life.is_shown
    wait_for(knock(world, "34=3|98=0|108=30|"), "35=A|34=3|")


def test_a_client_waits_for_its_session_and_holds_up_nobody(world: World) -> None:
    world.directory(agreement(), agreement("OMS2"))
    world.store.held_elsewhere.add(OMS)
    waits = knock(world)
    other = StubLine()
    tell(world.porter, knocked(other, LOGON, "OMS2"))
    wait_for(other, "35=A|")
    assert not waits.is_closed
    world.store.held_elsewhere.clear()
    wait_for(waits, "35=A|")


def test_a_client_whose_session_stays_elsewhere_is_shown_out(world: World) -> None:
    world.limits = SessionLimits(taken_within=0.5)
    world.directory()
    world.store.held_elsewhere.add(OMS)
    wait_until_shown_out(knock(world))
    assert outcome(world, "held_elsewhere") == 1


def test_a_client_that_comes_while_the_database_is_away_is_shown_out_for_that(
    world: World,
) -> None:
    world.limits = SessionLimits(taken_within=0.5)
    world.store.is_away = True
    world.directory()
    wait_until_shown_out(knock(world))
    assert outcome(world, "database_away") == 1
    assert outcome(world, "held_elsewhere") == 0


def test_of_a_client_that_waits_twice_the_first_line_closes(world: World) -> None:
    world.directory()
    world.store.held_elsewhere.add(OMS)
    first, second = knock(world), knock(world)
    wait_until_shown_out(first)
    world.store.held_elsewhere.clear()
    wait_for(second, "35=A|")


def test_a_session_is_let_go_when_its_line_is_lost_and_can_be_taken_again(world: World) -> None:
    world.directory()
    first = knock(world)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    first.receiver.lost("the client is gone")
    wait_until(lambda: not world.store.held, 60, "the session to be let go")
    wait_for(knock(world, "34=2|98=0|108=30|"), "35=A|34=2|")


def test_a_session_that_crashes_is_let_go_and_nobody_else_notices(world: World) -> None:
    world.directory(agreement(), agreement("OMS2"))
    line, other = knock(world), StubLine()
    tell(world.porter, knocked(other, LOGON, "OMS2"))
    wait_for(other, "35=A|")
    wait_for(line, "35=A|")
    crashed = live(world)
    tell(crashed.ref, Crash(reason="a bug"))
    wait_until(lambda: crashed.session_id not in world.store.held, 60, "it to be let go")
    assert line.is_closed
    assert not other.is_closed
    wait_for(knock(world, "34=2|98=0|108=30|"), "35=A|34=2|")


def test_a_session_that_another_gateway_wants_is_given_up_when_it_shows_no_life(
    world: World,
) -> None:
    directory = world.directory()
    line = knock(world)
    wait_for(line, "35=A|")
    wanted = SessionsWanted(session_ids=frozenset({live(world).session_id}))
    tell(directory, wanted)
    wait_until(lambda: not mailbox_of(directory).load, 60, "it to be heard")
    assert not line.is_closed
    fall_silent(live(world))
    tell(directory, wanted)
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert len(said(line)) == 1


def test_sessions_whose_locks_are_lost_end_without_a_word(world: World) -> None:
    directory = world.directory()
    line = knock(world)
    wait_for(line, "35=A|")
    tell(directory, SessionsLost(reason="the connection broke"))
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert len(said(line)) == 1


def test_a_stop_logs_all_clients_out_and_waits_for_their_answers(world: World) -> None:
    directory = world.directory(agreement(), agreement("OMS2"))
    line, other = knock(world), StubLine()
    tell(world.porter, knocked(other, LOGON, "OMS2"))
    wait_until(lambda: line.receiver and other.receiver, 60, "the lines to be read")
    directory.stop(block=False)
    for each, peer in ((line, "OMS1"), (other, "OMS2")):
        wait_for(each, "35=5|34=2|58=the gateway stops: log on again|")
        assert each.receiver is not None
        each.receiver.received(message("5|34=2|", peer))
    wait_until(lambda: not directory.is_alive(), 60, "the directory to end")
    assert line.is_closed
    assert other.is_closed
    assert world.live.all() == {}


def test_a_session_is_free_as_soon_as_its_client_has_answered_though_another_one_does_not(
    world: World,
) -> None:
    directory = world.directory(agreement(), agreement("OMS2"))
    line, mute = knock(world), StubLine()
    tell(world.porter, knocked(mute, LOGON, "OMS2"))
    wait_until(lambda: line.receiver and mute.receiver, 60, "the lines to be read")
    session_id = live(world).session_id
    directory.stop(block=False)
    wait_for(line, "35=5|")
    assert line.receiver is not None
    line.receiver.received(message("5|34=2|"))
    wait_until(lambda: session_id not in world.store.held, 60, "the session to be let go")
    assert directory.is_alive()
    assert mute.receiver is not None
    mute.receiver.received(message("5|34=2|", "OMS2"))
    wait_until(lambda: not directory.is_alive(), 60, "the directory to end")


def test_whoever_waits_at_the_door_when_the_gateway_stops_is_shown_out(world: World) -> None:
    directory = world.directory()
    world.store.held_elsewhere.add(OMS)
    line = knock(world)
    wait_until(lambda: len(world.store.asked_since) > 0, 60, "the session to be asked for")
    directory.stop(timeout=60)
    assert line.is_closed


class NotedDay(TradingDay):
    """Notes the moments of which it is asked."""

    moments: ClassVar[list[datetime]] = []

    def last_reset(self, now: datetime) -> datetime | None:
        self.moments.append(now)
        return super().last_reset(now)

    def next_reset(self, now: datetime) -> datetime | None:
        self.moments.append(now)
        return super().next_reset(now)


def test_a_session_is_of_the_day_for_which_its_numbers_were_taken(world: World) -> None:
    NotedDay.moments.clear()
    world.directory(agreement(day=NotedDay()))
    wait_for(knock(world), "35=A|")
    *_, taken, ends = NotedDay.moments  # before, while it was not free, it was asked for in vain
    assert taken == ends


def test_numbers_begin_anew_after_the_end_of_the_day(world: World) -> None:
    ended = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    day = TradingDay(ends_at=ended.time())
    world.directory(agreement(day=day))
    wait_for(knock(world), "35=A|")
    assert world.store.asked_since == [ended]
