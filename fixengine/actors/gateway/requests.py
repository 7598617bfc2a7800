"""The requests actor: sees to it that each request to cancel or replace is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import assert_never

import pykka

from fixengine.actors.gateway.messages import RequestsStored
from fixengine.actors.messages import ChangeExecution
from fixengine.errors import RejectedError, UnavailableError
from fixengine.ports.fix import FixBooks
from fixengine.rules.changes import ChangeDecision
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, Question
from fixengine.supervision.reply import Reply
from fixengine.supervision.timers import Timer
from fixengine.telemetry.outage import Outage
from fixengine.trading.values import FixRequest, change_request, key_of

LOOK_SECONDS = 1.0
"""Seconds between looks at what other gateways may have left undecided."""

_LOOK_AGAIN_SECONDS = 0.01  # while the desk has any in hand, or more may wait
_DECIDED_WITHIN = 3.0  # seconds that a request waits for an execution; then it is tried anew
_STRETCH_SECONDS = 0.05  # that the actor waits for the desk at a stretch
_MOST = 100
_MOST_IN_HAND = 1_000  # those that wait for their executions are in the way of no others
_LOOKS_TO_BE_SURE = 2  # the first may only have marked what was done


@dataclass(frozen=True, slots=True)
class _Look:
    """Requests → itself: what is undecided?"""


class Requests(Actor):
    """Asks the desk for a decision on each, whoever has its session; stores what is refused.

    A change that is done needs no more: its row is what the client is told of. A request that two
    gateways decide changes nothing twice, as it has one key.
    """

    def __init__(self, *, books: FixBooks, desk: ActorRef) -> None:
        super().__init__()
        self._books = books
        self._desk = desk
        self._in_hand: dict[str, tuple[FixRequest, Reply[ChangeDecision]]] = {}
        self._looks_left = 0  # that follow at once
        self._timer: Timer | None = None
        self._outage = Outage(
            "requests to cancel and replace wait", "requests to cancel and replace are decided"
        )

    def boot(self) -> None:
        self.actor_ref.tell(_Look())

    def receive(self, message: RequestsStored | _Look) -> None:
        match message:
            case RequestsStored():
                if self.actor_inbox.waiting(RequestsStored):
                    return  # the last of them is for all
            case _Look():
                pass
            case _:
                assert_never(message)
        if self._timer is not None:
            self._timer.cancel()
        self._look()
        is_soon = self._in_hand or self._looks_left
        pause = _LOOK_AGAIN_SECONDS if is_soon else LOOK_SECONDS
        self._timer = self.tell_later(pause, _Look())

    def _look(self) -> None:
        try:
            if len(self._in_hand) < _MOST_IN_HAND:
                undecided = self._books.undecided(in_hand=self._in_hand, limit=_MOST)
                self._count_looks(len(undecided))
                self._have_decided(undecided)
            self._settle()
        except UnavailableError as error:
            self._looks_left = 0
            self._outage.begin(str(error))
        else:
            self._outage.end()

    def _count_looks(self, found: int) -> None:
        """Go on while there are more than one look takes.

        A look marks what is done among the oldest, and may find nothing else in front of more.
        """
        if found == _MOST or (found and self._looks_left):
            self._looks_left = _LOOKS_TO_BE_SURE
        elif self._looks_left:
            self._looks_left -= 1

    def _have_decided(self, undecided: Sequence[FixRequest]) -> None:
        """Put all of them to the desk before it replies to any: it decides together what waits."""
        put = {}
        for request in undecided:
            asked = ChangeExecution(
                request=change_request(request), deadline=monotonic() + _DECIDED_WITHIN
            )
            key = key_of(request.session_id, request.cl_ord_id)
            put[key] = (request, Question(self._desk, asked))
        for key, (request, question) in put.items():
            self._in_hand[key] = (request, question.reply(timeout=_DECIDED_WITHIN))

    def _settle(self) -> None:
        """Store what the desk has refused; what it could not decide is undecided still."""
        until = monotonic() + _STRETCH_SECONDS
        for key, (request, reply) in tuple(self._in_hand.items()):
            try:
                decision = reply.get(timeout=max(until - monotonic(), 0))
            except pykka.Timeout:
                continue
            except (RejectedError, UnavailableError) as error:
                self._looks_left = 0  # they are no better off at once
                self._outage.begin(str(error))
            else:
                if decision.refusal is not None:
                    self._books.refuse(request, decision.refusal)
            del self._in_hand[key]
