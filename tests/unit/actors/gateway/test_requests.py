"""The requests actor: each request is put to the desk, and a refusal is kept."""

from collections.abc import Callable, Iterable

import pytest

from fixengine.actors.gateway.messages import RequestsStored
from fixengine.actors.gateway.requests import Requests
from fixengine.actors.messages import ChangeExecution
from fixengine.demo.waiting import wait_until
from fixengine.errors import FixengineError, RejectedError, UnavailableError
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import tell
from fixengine.supervision.reply import Reply
from fixengine.trading.values import FixRequest, key_of
from tests.support.executions import execution
from tests.unit.actors.gateway.conftest import World, cancel

Answer = Callable[[ChangeRequest], ChangeDecision | FixengineError | None]


class Desk(Actor):
    """Answers as it is told to; None: not yet."""

    def __init__(self, asked: list[ChangeRequest], answer: Answer) -> None:
        super().__init__()
        self._asked = asked
        self._answer = answer

    def receive(self, message: ChangeExecution) -> Reply[ChangeDecision]:
        self._asked.append(message.request)
        future = Reply[ChangeDecision]()
        match self._answer(message.request):
            case ChangeDecision() as decision:
                future.set(decision)
            case FixengineError() as error:
                future.fail(error)
        return future


def test_a_request_that_is_refused_is_stored_so(world: World) -> None:
    asked: list[ChangeRequest] = []
    refusal = ChangeDecision(execution=execution(), refusal=Refusal.CLOSED)
    desk = world.booted(Desk.start(asked, lambda _: refusal))
    world.store.requests.append(cancel(b"c1"))
    world.booted(Requests.start(books=world.store, desk=desk))
    wait_until(lambda: world.store.refused, 60, "the refusal to be stored")
    assert world.store.refused == [(b"c1", Refusal.CLOSED)]
    assert asked[0].key == key_of(1, b"c1")


def test_a_change_that_is_done_needs_no_more(world: World) -> None:
    asked: list[ChangeRequest] = []

    def done(_request: ChangeRequest) -> ChangeDecision:
        world.store.requests.clear()  # as the change is stored
        return ChangeDecision(execution=execution())

    desk = world.booted(Desk.start(asked, done))
    world.store.requests.append(cancel(b"c1"))
    world.booted(Requests.start(books=world.store, desk=desk))
    wait_until(lambda: asked and not world.store.requests, 60, "the decision")
    assert world.store.refused == []


def test_a_request_whose_execution_is_busy_holds_up_no_other(world: World) -> None:
    asked: list[ChangeRequest] = []

    def answer(request: ChangeRequest) -> ChangeDecision | None:
        if request.execution_id == 5:
            return None
        return ChangeDecision(execution=execution(), refusal=Refusal.CLOSED)

    desk = world.booted(Desk.start(asked, answer))
    world.store.requests += [cancel(b"busy", 5), cancel(b"free", 6)]
    world.booted(Requests.start(books=world.store, desk=desk))
    wait_until(lambda: world.store.refused, 60, "the other to be decided")
    assert world.store.refused == [(b"free", Refusal.CLOSED)]
    assert [each.execution_id for each in asked].count(5) == 1


def test_requests_that_wait_are_in_the_way_of_none_however_many_they_are(world: World) -> None:
    def answer(request: ChangeRequest) -> ChangeDecision | None:
        if request.execution_id < 500:
            return None
        return ChangeDecision(execution=execution(), refusal=Refusal.CLOSED)

    desk = world.booted(Desk.start([], answer))
    world.store.requests += [cancel(b"busy %d" % number, number) for number in range(1, 251)]
    world.store.requests.append(cancel(b"free", 500))
    world.booted(Requests.start(books=world.store, desk=desk))
    wait_until(lambda: world.store.refused, 60, "the other to be decided")
    assert world.store.refused == [(b"free", Refusal.CLOSED)]


@pytest.mark.parametrize(
    "why", [UnavailableError("it was not free in time"), RejectedError("a trigger says no")]
)
def test_a_request_that_was_not_decided_is_asked_for_again(
    world: World, why: FixengineError
) -> None:
    asked: list[ChangeRequest] = []

    def answer(_request: ChangeRequest) -> ChangeDecision | FixengineError:
        if len(asked) < 2:
            return why
        return ChangeDecision(execution=execution(), refusal=Refusal.FILLED)

    desk = world.booted(Desk.start(asked, answer))
    world.store.requests.append(cancel(b"c1"))
    requests = world.booted(Requests.start(books=world.store, desk=desk))
    tell(requests, RequestsStored())
    wait_until(lambda: world.store.refused, 60, "the decision")
    assert {each.key for each in asked} == {key_of(1, b"c1")}


class Marking:
    """Books that pass over what is done among the oldest, as the database does."""

    def __init__(self, count: int) -> None:
        self.waiting = [cancel(b"c%d" % number, number) for number in range(count)]
        self._done: set[str | None] = set()

    def done(self, request: ChangeRequest) -> ChangeDecision:
        self._done.add(request.key)
        return ChangeDecision(execution=execution())

    def undecided(self, *, in_hand: Iterable[str] = (), limit: int) -> list[FixRequest]:
        oldest, self.waiting = self.waiting[:limit], self.waiting[limit:]
        found = [each for each in oldest if key_of(1, each.cl_ord_id) not in self._done]
        self.waiting = [*found, *self.waiting]
        return found


def test_a_client_that_cancels_thousands_waits_for_no_look_in_between(world: World) -> None:
    books = Marking(3_000)  # pages of a hundred: with a pause between them, half a minute
    desk = world.booted(Desk.start([], books.done))
    world.booted(Requests.start(books=books, desk=desk))
    wait_until(lambda: not books.waiting, 20, "all to be decided")


class SlowDesk(Desk):
    """Takes its time for the first request, and then sees how many have come meanwhile."""

    def __init__(self, waiting: list[int]) -> None:
        super().__init__([], lambda _: None)
        self._waiting = waiting

    def receive(self, message: ChangeExecution) -> Reply[ChangeDecision]:
        if not self._waiting:
            wait_until(lambda: self.actor_inbox.depth >= 2, 60, "the others of the same look")
            others = self.actor_inbox.waiting(ChangeExecution)
            self._waiting += [each.request.execution_id for each in others]
        return super().receive(message)


def test_requests_of_one_look_are_before_the_desk_together(world: World) -> None:
    waiting: list[int] = []
    desk = world.booted(SlowDesk.start(waiting))
    world.store.requests += [cancel(b"c%d" % number, number) for number in (5, 6, 7)]
    world.booted(Requests.start(books=world.store, desk=desk))
    wait_until(lambda: waiting, 60, "the desk to see them")
    assert waiting == [6, 7]
