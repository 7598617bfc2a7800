"""The directory: who is shown out, who waits, and who is logged on."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.actors.gateway.live import LiveSession
from fixengine.actors.gateway.messages import SessionsLost, SessionsWanted
from fixengine.attempts import MOST_WRONG
from fixengine.config.passwords import hash_password
from fixengine.demo.waiting import wait_until
from fixengine.ports.fix import Identity
from fixengine.rules.trading_day import TradingDay
from fixengine.supervision.lifecycle import Crash
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, tell
from tests.support.fix.stub_ports import StubLine
from tests.support.log import heard
from tests.unit.actors.gateway.conftest import World, agreement, knocked, message, said, wait_for

OMS = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
LOGON = "34=1|98=0|108=30|"
HASH = hash_password(b"right")


def knock(directory: ActorRef, text: str = LOGON, **more: object) -> StubLine:
    line = StubLine(**more)  # type: ignore[arg-type]  # as the test says
    tell(directory, knocked(line, text))
    return line


def wait_until_shown_out(line: StubLine) -> None:
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert line.sent == []


def live(world: World) -> LiveSession:
    wait_until(lambda: OMS in world.live.all(), 60, "the session to be live")
    return world.live.all()[OMS]


def outcome(world: World, name: str) -> float:
    return float(world.metrics.logons.labels(name)._value.get())


def fall_silent(session: LiveSession) -> None:
    session.life._heard_at -= 1000


def test_a_client_with_an_agreement_is_logged_on(world: World) -> None:
    line = knock(world.directory())
    wait_for(line, "35=A|34=1|")
    assert live(world).session_id in world.store.held


def test_whoever_is_unknown_is_shown_out_without_a_word(world: World) -> None:
    directory = world.directory(agreement("OMS2"))
    wait_until_shown_out(knock(directory))
    assert world.store.taken == {}


@pytest.mark.parametrize("shown", ["", "554=wrong|", "553=somebody|554=right|"])
def test_wrong_credentials_take_nothing_and_reset_nothing(world: World, shown: str) -> None:
    directory = world.directory(agreement(password=HASH, username=b"trader"))
    wait_until_shown_out(knock(directory, f"{LOGON}141=Y|{shown}"))
    assert world.store.taken == {}
    assert outcome(world, "wrong_credentials") == 1


def test_the_right_password_is_let_in(world: World) -> None:
    directory = world.directory(agreement(password=HASH, username=b"trader"))
    wait_for(knock(directory, f"{LOGON}553=trader|554=right|"), "35=A|")


def test_an_address_with_many_wrong_passwords_is_not_heard_any_more(world: World) -> None:
    directory = world.directory(agreement(password=HASH))
    for _ in range(MOST_WRONG):
        wait_until_shown_out(knock(directory, f"{LOGON}554=wrong|"))
    wait_until_shown_out(knock(directory, f"{LOGON}554=right|"))
    assert outcome(world, "too_many_attempts") == 1
    wait_for(knock(directory, f"{LOGON}554=right|", address="192.0.2.2"), "35=A|")


def test_a_certificate_has_to_have_one_of_the_names(world: World) -> None:
    directory = world.directory(agreement(certificates=frozenset({"oms1.example.com"})))
    wait_until_shown_out(knock(directory, certificate_names=frozenset({"other.example.com"})))
    wait_for(knock(directory, certificate_names=frozenset({"oms1.example.com", "x"})), "35=A|")


def test_a_second_connection_of_a_client_that_shows_life_is_shown_out(world: World) -> None:
    directory = world.directory()
    first = knock(directory)
    wait_for(first, "35=A|")
    wait_until_shown_out(knock(directory))
    assert not first.is_closed
    assert outcome(world, "second_connection") == 1


def test_a_client_that_comes_back_takes_the_place_of_its_half_open_line(world: World) -> None:
    directory = world.directory()
    first = knock(directory)
    wait_for(first, "35=A|34=1|")
    fall_silent(live(world))
    second = knock(directory, "34=2|98=0|108=30|")
    wait_for(second, "35=A|34=2|")
    assert first.is_closed


def test_a_client_whose_line_is_lost_may_come_back_before_its_session_has_ended(
    world: World,
) -> None:
    directory = world.directory()
    first = knock(directory)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    world.store.may_commit.clear()
    first.receiver.received(message("1|34=2|112=x|"))  # the session waits for its commit
    wait_until(lambda: mailbox_of(live(world).ref).busy_since, 60, "the session to be at work")
    first.receiver.lost("the client is gone")
    second = knock(directory, "34=3|98=0|108=30|")
    world.store.may_commit.set()
    wait_for(second, "35=A|34=3|")


def test_a_client_that_has_logged_out_may_come_back_at_once(world: World) -> None:
    directory = world.directory()
    first = knock(directory)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    life = live(world).life
    first.receiver.received(message("5|34=2|"))
    wait_for(first, "35=5|34=2|")
    assert not life.is_shown
    wait_for(knock(directory, "34=3|98=0|108=30|"), "35=A|34=3|")


def test_a_half_open_line_stays_where_the_newcomer_has_no_password(world: World) -> None:
    directory = world.directory(agreement(password=HASH))
    first = knock(directory, f"{LOGON}554=right|")
    wait_for(first, "35=A|")
    fall_silent(live(world))
    wait_until_shown_out(knock(directory))
    assert not first.is_closed


def test_a_client_waits_for_its_session_and_holds_up_nobody(world: World) -> None:
    directory = world.directory(agreement(), agreement("OMS2"))
    world.store.held_elsewhere.add(OMS)
    waits = knock(directory)
    other = StubLine()
    tell(directory, knocked(other, LOGON, "OMS2"))
    wait_for(other, "35=A|")
    assert not waits.is_closed
    world.store.held_elsewhere.clear()
    wait_for(waits, "35=A|")


def test_a_client_whose_session_stays_elsewhere_is_shown_out(world: World) -> None:
    world.limits = SessionLimits(taken_within=0.5)
    directory = world.directory()
    world.store.held_elsewhere.add(OMS)
    wait_until_shown_out(knock(directory))
    assert outcome(world, "held_elsewhere") == 1


def test_a_client_that_comes_while_the_database_is_away_is_shown_out_for_that(
    world: World,
) -> None:
    world.limits = SessionLimits(taken_within=0.5)
    world.store.is_away = True
    wait_until_shown_out(knock(world.directory()))
    assert outcome(world, "database_away") == 1
    assert outcome(world, "held_elsewhere") == 0


def test_the_log_names_all_by_which_a_client_is_known_and_no_reason_hides_another(
    world: World,
) -> None:
    directory = world.directory(agreement("OMS2", password=HASH))
    with heard("WARNING", lambda line: line.record) as records:
        for peer in ("OMS1", "OMS2"):
            line = StubLine()
            tell(directory, knocked(line, LOGON, peer))
            wait_until_shown_out(line)
        refused = "a client may not log on"
        lines = [each["extra"] for each in records if each["message"] == refused]
    assert [(line["client"], line["why"]) for line in lines] == [
        ("OMS1", "unknown"),
        ("OMS2", "wrong_credentials"),
    ]
    assert {(line["target"], line["version"]) for line in lines} == {("FIXENGINE", "FIX.4.4")}


def test_of_a_client_that_waits_twice_the_first_line_closes(world: World) -> None:
    directory = world.directory()
    world.store.held_elsewhere.add(OMS)
    first, second = knock(directory), knock(directory)
    wait_until_shown_out(first)
    world.store.held_elsewhere.clear()
    wait_for(second, "35=A|")


def test_a_session_is_let_go_when_its_line_is_lost_and_can_be_taken_again(world: World) -> None:
    directory = world.directory()
    first = knock(directory)
    wait_until(lambda: first.receiver, 60, "the line to be read")
    assert first.receiver is not None
    first.receiver.lost("the client is gone")
    wait_until(lambda: not world.store.held, 60, "the session to be let go")
    wait_for(knock(directory, "34=2|98=0|108=30|"), "35=A|34=2|")


def test_a_session_that_crashes_is_let_go_and_nobody_else_notices(world: World) -> None:
    directory = world.directory(agreement(), agreement("OMS2"))
    line, other = knock(directory), StubLine()
    tell(directory, knocked(other, LOGON, "OMS2"))
    wait_for(other, "35=A|")
    wait_for(line, "35=A|")
    crashed = live(world)
    tell(crashed.ref, Crash(reason="a bug"))
    wait_until(lambda: crashed.session_id not in world.store.held, 60, "it to be let go")
    assert line.is_closed
    assert not other.is_closed
    wait_for(knock(directory, "34=2|98=0|108=30|"), "35=A|34=2|")


def test_a_session_that_another_gateway_wants_is_given_up_when_it_shows_no_life(
    world: World,
) -> None:
    directory = world.directory()
    line = knock(directory)
    wait_for(line, "35=A|")
    wanted = SessionsWanted(session_ids=frozenset({live(world).session_id}))
    tell(directory, wanted)
    wait_until_shown_out(knock(directory))  # what was told before is done by now
    assert not line.is_closed
    fall_silent(live(world))
    tell(directory, wanted)
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert len(said(line)) == 1


def test_sessions_whose_locks_are_lost_end_without_a_word(world: World) -> None:
    directory = world.directory()
    line = knock(directory)
    wait_for(line, "35=A|")
    tell(directory, SessionsLost(reason="the connection broke"))
    wait_until(lambda: line.is_closed, 60, "the line to be closed")
    assert len(said(line)) == 1


def test_a_stop_logs_all_clients_out_and_waits_for_their_answers(world: World) -> None:
    directory = world.directory(agreement(), agreement("OMS2"))
    line, other = knock(directory), StubLine()
    tell(directory, knocked(other, LOGON, "OMS2"))
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


def test_whoever_waits_at_the_door_when_the_gateway_stops_is_shown_out(world: World) -> None:
    directory = world.directory()
    world.store.held_elsewhere.add(OMS)
    line = knock(directory)
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
    wait_for(knock(world.directory(agreement(day=NotedDay()))), "35=A|")
    first, second = NotedDay.moments
    assert first == second


def test_numbers_begin_anew_after_the_end_of_the_day(world: World) -> None:
    ended = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    day = TradingDay(ends_at=ended.time())
    wait_for(knock(world.directory(agreement(day=day))), "35=A|")
    assert world.store.asked_since == [ended]
