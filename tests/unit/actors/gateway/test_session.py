"""A session actor: what is stored before what is said, and what becomes of failures."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.actors.gateway.messages import DropLine, LogOut, ReportsWait, RequestsStored
from fixengine.actors.gateway.session import _Pass
from fixengine.actors.gateway.turns import Turns
from fixengine.demo.waiting import wait_until
from fixengine.rules.trading_day import TradingDay
from fixengine.supervision.lifecycle import Crash
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, tell
from tests.support.fix.stub_ports import StubLine
from tests.support.log import heard
from tests.unit.actors.gateway.conftest import (
    QUICK,
    World,
    agreement,
    cancel,
    message,
    said,
    wait_for,
)


def receive(line: StubLine, *texts: str) -> int:
    """Have messages come in one piece; return their length."""
    wait_until(lambda: line.receiver, 60, "the line to be read")
    data = b"".join(map(message, texts))
    assert line.receiver is not None
    line.receiver.received(data)
    return len(data)


def order(number: int, cl_ord_id: str) -> str:
    return f"D|34={number}|11={cl_ord_id}|55=IBM|54=1|60=20260302-09:30:00|38=1|40=1|"


def lose(line: StubLine) -> None:
    assert line.receiver is not None
    line.receiver.lost("the client closed the connection")


def wait_until_gone(ref: ActorRef) -> None:
    mailbox_of(ref).thread.join(60)
    assert not ref.is_alive()


def test_a_logon_is_answered_and_its_numbers_are_stored(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=A|34=1|")
    (work,) = world.store.works[0]
    assert (work.next_in, work.next_out, work.epoch) == (2, 2, 1)


def test_nothing_is_said_before_it_is_stored(world: World) -> None:
    line = StubLine()
    repository = world.repository()
    world.store.may_commit.clear()
    world.session(line, repository=repository)
    wait_until(lambda: (mailbox_of(repository).busy_since or 0) > 0, 60, "the commit to wait")
    assert line.sent == []
    world.store.may_commit.set()
    wait_for(line, "35=A|34=1|")


def test_messages_that_came_together_are_answered_with_one_transaction(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    size = receive(line, order(2, "a"), order(3, "b"))
    wait_for(line, "35=B|34=3|")
    assert said(line)[1:] == ["35=B|34=2|148=a|33=1|58=a|", "35=B|34=3|148=b|33=1|58=b|"]
    (work,) = world.store.works[-1]
    assert [each.seq for each in work.sent] == [2, 3]
    assert (work.next_in, work.next_out) == (4, 4)
    wait_until(lambda: line.handled_bytes == size, 60, "the bytes to be done with")


def test_what_came_while_another_step_was_stored_is_taken_together(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.may_commit.clear()
    for number in range(2, 12):
        receive(line, order(number, str(number)))
    world.store.may_commit.set()
    wait_for(line, "35=B|34=11|")
    assert len(world.application.decided) <= 3


def test_a_step_that_is_not_stored_is_not_said_and_the_line_closes(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.commits_fail = True
    receive(line, order(2, "a"))
    wait_until_gone(session)
    assert line.is_closed
    assert len(said(line)) == 1


def test_a_session_that_another_gateway_has_says_nothing_more(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.held.clear()
    receive(line, order(2, "a"))
    wait_until_gone(session)
    assert line.is_closed
    assert len(said(line)) == 1


def test_work_that_the_database_refuses_ends_the_session(world: World, events: list[str]) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.refuses.add(1)
    receive(line, order(2, "a"))
    wait_until_gone(session)
    assert line.is_closed
    assert len(said(line)) == 1
    assert "the database refuses the work of a session" in events


def test_what_can_not_be_looked_up_waits_and_the_client_with_it(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    size = receive(line, order(2, "a"))
    wait_until(lambda: world.store.failed_looks, 60, "the first look")
    size += receive(line, order(3, "b"))
    assert line.handled_bytes == 0
    world.store.looks_fail = False
    wait_for(line, "35=B|34=3|")
    wait_until(lambda: line.handled_bytes == size, 60, "the bytes to be done with")


def test_what_can_not_be_looked_up_for_long_closes_the_line_and_is_not_stored(
    world: World,
) -> None:
    world.limits = QUICK
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    receive(line, order(2, "a"))
    wait_until_gone(session)
    assert line.is_closed
    assert len(said(line)) == 1
    assert [work.next_in for (work,) in world.store.works] == [2]


def test_what_came_before_the_end_of_the_line_is_taken(world: World) -> None:
    world.limits = SessionLimits(read_bytes=1)
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.may_commit.clear()
    for number in range(2, 5):
        receive(line, order(number, str(number)))
    lose(line)
    world.store.may_commit.set()
    wait_until_gone(session)
    assert world.store.works[-1][0].next_in == 5
    assert line.is_closed


def test_what_can_not_be_looked_up_yet_is_taken_though_the_line_is_lost(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    receive(line, order(2, "a"))
    wait_until(lambda: world.store.failed_looks, 60, "the first look")
    lose(line)
    wait_until(lambda: world.store.failed_looks > 1, 60, "another look")
    world.store.looks_fail = False
    wait_until_gone(session)
    assert world.store.works[-1][0].next_in == 3


def test_while_nothing_can_be_looked_up_heartbeats_go_on(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository(), text="34=1|98=0|108=1|")
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    receive(line, "1|34=2|112=x|", order(3, "a"))
    wait_for(line, "35=0|34=4|")
    assert said(line)[1:] == ["35=0|34=2|112=x|", "35=0|34=3|", "35=0|34=4|"]
    stored = [(work.next_in, work.next_out) for (work,) in world.store.works]
    assert stored == [(2, 2), (2, 3), (2, 4), (2, 5)], "the order is not taken yet"
    world.store.looks_fail = False
    wait_for(line, "35=B|34=5|148=a|")
    assert world.store.works[-1][0].next_in == 4


def test_a_session_that_another_gateway_has_shows_no_life(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository(), text="34=1|98=0|108=1|")
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    world.store.held.clear()
    receive(line, order(2, "a"))
    wait_until_gone(session)
    assert len(said(line)) == 1


def test_a_logout_behind_what_waits_is_answered_after_it(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    receive(line, order(2, "a"), "5|34=3|")
    wait_until(lambda: world.store.failed_looks > 1, 60, "another look")
    assert len(said(line)) == 1
    world.store.looks_fail = False
    wait_until_gone(session)
    assert world.store.works[-1][0].next_in == 4
    assert said(line)[1:] == ["35=B|34=2|148=a|33=1|58=a|", "35=5|34=3|"]


def test_a_message_is_answered_before_the_logout_or_reset_that_came_with_it(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    receive(line, order(2, "a"), "A|34=1|98=0|108=30|141=Y|", order(2, "b"), "5|34=3|")
    wait_until_gone(session)
    assert said(line)[1:] == [
        "35=B|34=2|148=a|33=1|58=a|",
        "35=A|34=1|98=0|108=30|141=Y|",
        "35=B|34=2|148=b|33=1|58=b|",
        "35=5|34=3|",
    ]


def test_what_the_client_asks_for_again_is_read_page_by_page(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    receive(line, *(order(number, "x") for number in range(2, 702)))
    wait_for(line, "35=B|34=701|")
    line.sent.clear()
    receive(line, "2|34=702|7=1|16=0|")
    wait_for(line, "35=B|34=701|43=Y|")
    assert world.store.pages == [(1, 500), (501, 701)]
    first, *others = said(line)
    assert first == "35=4|34=1|43=Y|122=*|36=2|123=Y|"
    assert [each.split("|")[1] for each in others] == [f"34={n}" for n in range(2, 702)]


def test_a_client_that_reads_nothing_gets_no_further_page_and_is_closed(world: World) -> None:
    world.limits = QUICK
    line = StubLine()
    session = world.session(line, repository=world.repository())
    receive(line, order(2, "a"))
    wait_for(line, "35=B|34=2|")
    line.unwritten = QUICK.unwritten + 1
    receive(line, "2|34=3|7=1|16=0|")
    wait_until_gone(session)
    assert world.store.pages == []
    assert line.is_closed


def test_a_replay_goes_on_when_the_client_has_read(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    receive(line, order(2, "a"))
    wait_for(line, "35=B|34=2|")
    line.unwritten = world.limits.unwritten + 1
    receive(line, "2|34=3|7=1|16=0|")
    wait_until(lambda: world.store.works[-1][0].next_in == 4, 60, "the request to be taken")
    assert world.store.pages == []
    line.unwritten = 0
    wait_for(line, "35=B|34=2|43=Y|")


def test_a_report_that_came_during_a_replay_outlives_a_reset(world: World) -> None:
    world.limits = SessionLimits(look_for_room_every=60)
    line = StubLine()
    session = world.session(line, repository=world.repository())
    receive(line, order(2, "a"))
    wait_for(line, "35=B|34=2|")
    line.unwritten = world.limits.unwritten + 1
    receive(line, "2|34=3|7=1|16=0|")
    wait_until(lambda: world.store.works[-1][0].next_in == 4, 60, "the request to be taken")
    wait_until(lambda: not mailbox_of(session).load, 60, "the replay to wait")
    line.unwritten = 0
    world.store.pending[1] = [Waiting(7)]  # type: ignore[list-item]  # a parrot tells anything
    tell(session, ReportsWait())
    wait_until(lambda: not mailbox_of(session).load, 60, "it to have looked")
    receive(line, "A|34=1|98=0|108=30|141=Y|")
    wait_for(line, "35=A|34=1|98=0|108=30|141=Y|")
    tell(session, ReportsWait())
    wait_for(line, "35=B|34=2|148=7|")


def asked_for_all(number: int) -> str:
    return f"AF|34={number}|584=M|585=7|"


def listed(line: StubLine) -> list[str]:
    return [each.split("|")[2] for each in said(line) if " of " in each]


def test_a_mass_status_is_told_page_by_page_and_holds_up_nothing_else(world: World) -> None:
    world.limits = SessionLimits(listed=2)
    world.store.open_count = 5
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.may_commit.clear()
    receive(line, asked_for_all(2))
    receive(line, order(3, "a"))
    world.store.may_commit.set()
    wait_until(lambda: len(listed(line)) == 5, 60, "all to be listed")
    assert listed(line) == [f"148={number} of 5" for number in range(1, 6)]
    assert world.store.listed == [2, 2, 1]
    assert all(len(work.sent) <= 2 for (work,) in world.store.works)
    answers = [each.split("|")[2] for each in said(line)[1:]]
    assert answers.index("148=a") < answers.index("148=3 of 5"), "it does not wait for all pages"


def test_a_client_that_reads_nothing_is_listed_no_further(world: World) -> None:
    world.limits = QUICK
    world.store.open_count = 5
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    line.unwritten = QUICK.unwritten + 1
    receive(line, asked_for_all(2))
    wait_until_gone(session)
    assert world.store.listed == []
    assert line.is_closed


def test_who_asks_for_many_mass_statuses_is_not_read_until_some_are_told(world: World) -> None:
    world.limits = SessionLimits(listings=2)
    world.store.open_count = 1
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    line.unwritten = world.limits.unwritten + 1
    size = receive(line, *map(asked_for_all, range(2, 7)))
    wait_until(lambda: line.handled_bytes == size, 60, "them to be taken")
    more = receive(line, order(7, "a"))
    world.store.looks_fail = True
    line.unwritten = 0
    wait_until(lambda: world.store.failed_looks, 60, "the first to be looked for")
    assert line.handled_bytes == size
    world.store.looks_fail = False
    wait_until(lambda: line.handled_bytes == size + more, 60, "the rest to be read")
    wait_until(lambda: len(listed(line)) == 5, 60, "all to be listed")
    answers = [each.split("|")[2] for each in said(line)[1:]]
    assert answers.index("148=a") >= 3, "all but two were told first"


def test_who_logs_out_is_listed_no_further(world: World) -> None:
    world.limits = SessionLimits(listings=1)
    world.store.open_count = 5
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    line.unwritten = world.limits.unwritten + 1
    receive(line, asked_for_all(2))
    wait_until(lambda: line.handled_bytes, 60, "the request to be taken")
    tell(session, LogOut(text="the gateway stops"))
    wait_for(line, "35=5|")
    receive(line, "5|34=3|")
    wait_until_gone(session)
    assert world.store.listed == []
    assert world.store.works[-1][0].next_in == 4, "its answer is read"


def test_a_session_that_crashes_closes_its_line(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    tell(session, Crash(reason="a bug"))
    wait_until_gone(session)
    assert line.is_closed


@pytest.mark.parametrize("answers", [True, False])
def test_a_client_is_logged_out_with_a_text(world: World, answers: bool) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    tell(session, LogOut(text="the gateway stops"))
    wait_for(line, "35=5|34=2|58=the gateway stops|")
    if answers:
        receive(line, "5|34=2|")
    else:
        tell(session, DropLine(why="time is up"))
    wait_until_gone(session)
    assert line.is_closed


def test_a_logon_that_resets_begins_a_new_generation(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository(), text="34=1|98=0|108=30|141=Y|")
    wait_for(line, "35=A|34=1|98=0|108=30|141=Y|")
    (work,) = world.store.works[0]
    assert (work.generation, work.next_in, work.next_out) == (2, 2, 2)


def test_a_logon_that_is_refused_ends_the_session(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository(), text="34=1|98=0|108=-1|")
    wait_until_gone(session)
    assert line.is_closed
    assert line.receiver is None


@dataclass
class Waiting:
    """Something that has to be told."""

    position: int


def test_reports_that_wait_are_told_at_the_logon_page_by_page(world: World) -> None:
    world.limits = SessionLimits(reports=2)
    waiting = [Waiting(position) for position in (7, 8, 9)]
    world.store.pending[1] = waiting  # type: ignore[assignment]  # a parrot tells anything
    line = StubLine()
    world.session(line, repository=world.repository())
    wait_for(line, "35=B|34=4|148=9|")
    assert [each.split("|")[2] for each in said(line)[1:]] == ["148=7", "148=8", "148=9"]
    assert [work.told for (work,) in world.store.works[1:]] == [(7, 8), (9,)]
    assert waiting == []


def test_reports_wait_behind_what_can_not_be_looked_up_yet(world: World) -> None:
    line = StubLine()
    session = world.session(line, repository=world.repository())
    wait_for(line, "35=A|")
    world.store.looks_fail = True
    receive(line, order(2, "a"))
    wait_until(lambda: world.store.failed_looks, 60, "the first look")
    world.store.pending[1] = [Waiting(7)]  # type: ignore[list-item]  # a parrot tells anything
    tell(session, ReportsWait())
    looks = world.store.failed_looks
    wait_until(lambda: world.store.failed_looks > looks + 1, 60, "looks behind that")
    assert world.store.read == []
    world.store.looks_fail = False
    wait_for(line, "35=B|34=3|148=7|")


def test_reports_wait_for_a_client_that_has_still_to_begin_at_1(world: World) -> None:
    waiting = [Waiting(7)]
    world.store.pending[1] = waiting  # type: ignore[assignment]  # a parrot tells anything
    line = StubLine()
    session = world.session(line, repository=world.repository(), text="34=5|98=0|108=30|")
    wait_for(line, "35=2|34=2|7=1|16=0|")
    tell(session, ReportsWait())
    wait_until(lambda: not mailbox_of(session).load, 60, "it to have looked")
    assert waiting
    receive(line, "4|34=1|43=Y|122=20260302-09:30:00|123=Y|36=6|")
    wait_until(lambda: world.store.works[-1][0].next_in == 6, 60, "the gap to be closed")
    tell(session, ReportsWait())
    wait_for(line, "35=B|34=3|148=7|")
    assert waiting == []


def test_so_many_pages_of_all_sessions_are_in_memory_at_a_time(world: World) -> None:
    world.limits, world.turns = SessionLimits(reports=10), Turns(2)
    repository, lines = world.repository(), [StubLine() for _ in range(6)]
    sessions = [
        world.session(line, repository=repository, agreed=agreement(f"OMS{number}"))
        for number, line in enumerate(lines)
    ]
    for line in lines:
        wait_for(line, "35=A|")
    wait_until(lambda: not any(mailbox_of(each).load for each in sessions), 60, "all to rest")
    before = len(world.store.works)
    world.store.may_commit.clear()
    for id_, session in enumerate(sessions, 1):
        waiting = [Waiting(position) for position in range(25)]
        world.store.pending[id_] = waiting  # type: ignore[assignment]  # a parrot tells anything
        tell(session, ReportsWait())
    wait_until(
        lambda: sum(not mailbox_of(each).load for each in sessions) == 4, 60, "four to have to wait"
    )
    assert len(world.store.read) == 2
    world.store.may_commit.set()
    for line in lines:
        wait_for(line, "35=B|34=26|")
    told = [sum(len(work.told) for work in works) for works in world.store.works[before:]]
    assert sum(told) == 150
    assert max(told) <= 20


def test_a_session_that_ends_leaves_its_place_to_others(world: World) -> None:
    world.turns = Turns(1)
    repository, lines = world.repository(), [StubLine(), StubLine()]
    for id_ in (1, 2):
        world.store.pending[id_] = [Waiting(7)]  # type: ignore[list-item]  # a parrot tells anything
    with world.turns.turn(repository, "something long"):
        first, second = (
            world.session(line, repository=repository, agreed=agreement(f"OMS{number}"))
            for number, line in enumerate(lines)
        )
        for line in lines:
            wait_for(line, "35=A|")
        wait_until(
            lambda: not (mailbox_of(first).load or mailbox_of(second).load), 60, "both to wait"
        )
        tell(first, DropLine(why="the client is gone"))
        wait_until_gone(first)
    wait_for(lines[1], "35=B|34=2|148=7|")
    assert world.store.read == [2]


def test_between_the_pages_of_a_mass_status_others_go_first(world: World) -> None:
    world.limits = SessionLimits(listed=1, listing_rest=1e6)
    world.store.open_count = 2
    line = StubLine()
    session = world.session(line, repository=world.repository())
    receive(line, asked_for_all(2))
    wait_until(lambda: len(listed(line)) == 1, 60, "the first page")
    receive(line, order(3, "a"))
    wait_for(line, "35=B|34=3|148=a|")
    wait_until(lambda: not mailbox_of(session).load, 60, "the session to rest")
    assert len(listed(line)) == 1


def test_what_came_while_a_session_was_at_work_is_a_sign_of_life(world: World) -> None:
    line, repository = StubLine(), world.repository()
    session = world.session(line, repository=repository)
    wait_until(lambda: line.receiver, 60, "the line to be read")
    actor = session._actor_weakref()
    assert actor is not None
    pulse = actor._session._out.pulse
    world.store.may_commit.clear()
    world.store.pending[1] = [Waiting(7)]  # type: ignore[list-item]  # a parrot tells anything
    tell(session, ReportsWait())
    wait_until(lambda: mailbox_of(repository).busy_since, 60, "the session to be at work")
    pulse._heard = pulse._tested = 0.0  # the client was asked for a sign of life, long ago
    tell(session, _Pass())
    receive(line, "0|34=2|112=TEST|", "1|34=3|112=done|")
    world.store.may_commit.set()
    answer = "35=0|34=3|112=done|"
    wait_until(lambda: line.is_closed or answer in said(line), 60, "an answer, or the end")
    assert answer in said(line)


def test_a_request_that_is_stored_is_told_to_who_has_it_decided(world: World) -> None:
    world.application.requests = (cancel(b"c1"),)
    line = StubLine()
    world.session(line, repository=world.repository())
    receive(line, order(2, "a"))
    wait_for(line, "35=B|34=2|")
    wait_until(lambda: world.told, 60, "the request to be told of")
    assert world.told == [RequestsStored()]
    assert world.store.works[-1][0].requests == world.application.requests


def test_the_day_ends_with_a_logout(world: World) -> None:
    class EndsSoon(TradingDay):
        def next_reset(self, now: datetime) -> datetime:
            return now + timedelta(seconds=0.1)

    line = StubLine()
    world.session(line, repository=world.repository(), agreed=agreement(day=EndsSoon()))
    wait_for(line, "35=5|34=2|58=the day is over")


def test_what_a_client_says_of_a_message_that_it_refuses_is_in_the_log(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    refusals = "3|34=2|45=7|372=8|371=41|58=not known\x1b|", "j|34=3|372=8|380=3|"
    with heard("WARNING", lambda message: message.record) as seen:
        receive(line, *refusals, "1|34=4|112=done|")
        wait_for(line, "35=0|34=2|112=done|")
    refusal, *more = seen
    assert refusal["message"] == "a client refuses a message"
    told = {name: refusal["extra"][name] for name in ("number", "type", "tag", "reason")}
    assert told == {"number": "7", "type": "8", "tag": "41", "reason": r"not known\x1b"}
    assert [each["extra"]["times"] for each in more] == [1], "the second is counted"


def test_a_number_that_a_client_used_by_mistake_is_in_the_log(world: World) -> None:
    line = StubLine()
    world.session(line, repository=world.repository())
    with heard("WARNING", lambda message: message.record) as seen:
        receive(line, "0|34=999|", "1|34=2|112=done|")
        wait_for(line, "35=0|34=3|112=done|")
    (mistake,) = seen
    assert mistake["message"] == "what a client skipped is asked for no more"
    told = {name: mistake["extra"][name] for name in ("expected", "early")}
    assert told == {"expected": 3, "early": 999}


def test_a_day_that_ends_before_the_logon_is_answered_ends_with_a_logout_too(world: World) -> None:
    agreed = agreement(day=TradingDay(ends_at=time(17)))
    line, repository = StubLine(), world.repository()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    world.session(line, repository=repository, agreed=agreed, day_of=yesterday)
    wait_for(line, "35=5|34=2|58=the day is over")
