"""The gateway's repository: one transaction for many, and what becomes of failures."""

import pytest

from fixengine.actors.gateway.messages import (
    BeginAnew,
    CommitWork,
    ReleaseSession,
    SessionAnswered,
    SessionsLost,
    SessionsWanted,
    TakeSession,
)
from fixengine.demo.waiting import wait_until
from fixengine.errors import RejectedError, UnavailableError
from fixengine.ports.fix import Identity, Work
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, Question, ask, tell
from tests.unit.actors.gateway.conftest import World

OMS = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")


def work(session_id: int) -> CommitWork:
    return CommitWork(
        work=Work(session_id=session_id, epoch=1, generation=1, next_in=2, next_out=2)
    )


def directed(world: World) -> ActorRef:
    """Return a repository whose news the world hears of."""
    repository = world.repository()
    before = world.store.opened
    tell(repository, BeginAnew(reply_to=world.ears()))
    wait_until(lambda: world.store.opened > before, 60, "the repository to begin anew")
    return repository


def news(world: World, kind: type) -> list[object]:
    return [each for each in world.told if isinstance(each, kind)]


def take(world: World, repository: ActorRef) -> SessionAnswered:
    before = len(news(world, SessionAnswered))
    tell(repository, TakeSession(identity=OMS, began_since=None))
    wait_until(lambda: len(news(world, SessionAnswered)) > before, 60, "an answer")
    answer = news(world, SessionAnswered)[-1]
    assert isinstance(answer, SessionAnswered)
    return answer


def test_what_is_asked_together_is_one_transaction(world: World) -> None:
    repository = world.repository()
    world.store.held |= {1, 2, 3}
    world.store.may_commit.clear()
    first = Question(repository, work(1))
    wait_until(lambda: mailbox_of(repository).busy_since, 60, "the first commit to wait")
    others = [Question(repository, work(2)), Question(repository, work(3))]
    world.store.may_commit.set()
    for each in (first, *others):
        each.reply(timeout=60)
    assert [[each.session_id for each in works] for works in world.store.works] == [[1], [2, 3]]


def test_of_what_is_refused_only_the_one_at_fault_fails(world: World) -> None:
    repository = world.repository()
    world.store.held |= {1, 2, 3}
    world.store.refuses.add(2)
    world.store.may_commit.clear()
    first = Question(repository, work(1))
    wait_until(lambda: mailbox_of(repository).busy_since, 60, "the first commit to wait")
    refused, good = Question(repository, work(2)), Question(repository, work(3))
    world.store.may_commit.set()
    first.reply(timeout=60)
    good.reply(timeout=60)
    with pytest.raises(RejectedError):
        refused.reply(timeout=60)


def test_work_of_a_session_that_is_not_held_fails(world: World) -> None:
    repository = world.repository()
    with pytest.raises(UnavailableError, match="another gateway"):
        ask(repository, work(1), timeout=60)


def test_a_connection_that_breaks_loses_all_sessions_and_is_opened_again(world: World) -> None:
    repository = directed(world)
    assert take(world, repository).taken is not None
    before = world.store.opened
    world.store.is_away = True
    with pytest.raises(UnavailableError):
        ask(repository, work(1), timeout=60)
    wait_until(lambda: news(world, SessionsLost), 60, "the loss to be told")
    assert take(world, repository).error
    world.store.is_away = False
    wait_until(lambda: world.store.opened > before, 60, "the repository to open again")
    assert world.store.held == set()
    assert take(world, repository).taken is not None


def test_sessions_that_others_want_are_told(world: World) -> None:
    directed(world)
    world.store.wanted_ids = frozenset({7})
    wait_until(lambda: news(world, SessionsWanted), 60, "the wanted sessions to be told")
    assert news(world, SessionsWanted)[0] == SessionsWanted(session_ids=frozenset({7}))


def test_a_session_is_let_go(world: World) -> None:
    repository = directed(world)
    taken = take(world, repository).taken
    assert taken is not None
    tell(repository, ReleaseSession(session_id=taken.id))
    wait_until(lambda: not world.store.held, 60, "the session to be let go")


def test_a_directory_that_begins_anew_has_no_sessions(world: World) -> None:
    repository = directed(world)
    take(world, repository)
    tell(repository, BeginAnew(reply_to=world.ears()))
    wait_until(lambda: not world.store.held, 60, "the sessions to be let go")


def test_what_waits_when_the_gateway_stops_fails(world: World) -> None:
    repository = world.repository()
    world.store.held |= {1, 2}
    world.store.may_commit.clear()
    first = Question(repository, work(1))
    wait_until(lambda: mailbox_of(repository).busy_since, 60, "the first commit to wait")
    waits = Question(repository, work(2))
    repository.stop(block=False)
    world.store.may_commit.set()
    first.reply(timeout=60)
    with pytest.raises(UnavailableError):
        waits.reply(timeout=60)
