"""What the gateway's actors stand on, in memory, to be broken by a test."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from msgspec.structs import replace

from fixengine.errors import RejectedError, UnavailableError
from fixengine.fix.message import Message
from fixengine.ports.fix import Identity, Sent, TakenSession, Work
from fixengine.ports.lines import Receiver
from fixengine.ports.stores import SchemaState
from fixengine.rules.changes import Refusal
from fixengine.trading.application import Needs
from fixengine.trading.values import (
    Decision,
    Draft,
    Evaluated,
    FixRequest,
    Listing,
    ListingPage,
    Look,
    Refused,
    Standing,
    key_of,
)

_AWAY = UnavailableError("the database is away")


@dataclass
class StubLine:
    """A client's connection; what is written stays in `sent`."""

    address: str = "192.0.2.1"
    certificate_names: frozenset[str] = frozenset()
    is_gone: bool = False
    unwritten: int = 0
    sent: list[bytes] = field(default_factory=list)
    handled_bytes: int = 0
    is_closed: bool = False
    waited_longer: int = 0
    receiver: Receiver | None = None

    def wait_longer(self) -> None:
        self.waited_longer += 1

    def pass_to(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def handled(self, size: int) -> None:
        self.handled_bytes += size

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.is_closed = True

    @property
    def written(self) -> bytes:
        return b"".join(self.sent)


@dataclass
class StubStore:
    """Sessions and books at once. Each commit waits for `may_commit`."""

    works: list[Sequence[Work]] = field(default_factory=list)
    taken: dict[Identity, TakenSession] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    held_elsewhere: set[Identity] = field(default_factory=set)
    wanted_ids: frozenset[int] = frozenset()
    asked_since: list[datetime | None] = field(default_factory=list)
    kept: dict[int, Sent] = field(default_factory=dict)
    pages: list[tuple[int, int]] = field(default_factory=list)
    pending: dict[int, list[Evaluated | Refused]] = field(default_factory=dict)
    requests: list[FixRequest] = field(default_factory=list)
    refused: list[tuple[bytes, Refusal]] = field(default_factory=list)
    refuses: set[int] = field(default_factory=set)
    may_commit: Event = field(default_factory=Event)
    is_away: bool = False
    commits_fail: bool = False
    looks_fail: bool = False
    failed_looks: int = 0
    open_count: int = 0
    listed: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)  # the sessions of pages of reports
    opened: int = 0

    def __post_init__(self) -> None:
        self.may_commit.set()

    def open(self) -> None:
        self._assert_there()
        self.opened += 1

    def take(self, identity: Identity, *, began_since: datetime | None) -> TakenSession | None:
        self._assert_there()
        self.asked_since.append(began_since)
        if identity in self.held_elsewhere:
            return None
        before = self.taken.get(identity)
        new = TakenSession(id=len(self.taken) + 1, epoch=0, generation=1, next_in=1, next_out=1)
        taken = before or new
        taken = self.taken[identity] = replace(taken, epoch=taken.epoch + 1)
        self.held.add(taken.id)
        return taken

    def release(self, session_id: int) -> None:
        self._assert_there()
        self.held.discard(session_id)

    def wanted(self) -> frozenset[int]:
        self._assert_there()
        return self.wanted_ids

    def commit(self, works: Sequence[Work]) -> frozenset[int]:
        assert self.may_commit.wait(60)
        self._assert_there()
        if self.commits_fail:
            raise _AWAY
        if self.refuses & {work.session_id for work in works}:
            raise RejectedError("a constraint says no")
        self.works.append(works)
        stored = [work for work in works if work.session_id in self.held]
        for work in stored:
            self.kept.update({each.seq: each for each in work.sent})
            waiting = self.pending.get(work.session_id, [])
            waiting[:] = [each for each in waiting if each.position not in work.told]
            for identity, taken in self.taken.items():
                if taken.id == work.session_id:
                    self.taken[identity] = replace(
                        taken,
                        generation=work.generation,
                        next_in=work.next_in,
                        next_out=work.next_out,
                    )
        return frozenset(work.session_id for work in stored)

    def close(self) -> None:
        self.held.clear()

    def look(self, _session_id: int, _cl_ord_ids: Collection[bytes], *, new_orders: int) -> Look:
        self._assert_there()
        if self.looks_fail:
            self.failed_looks += 1
            raise _AWAY
        numbers = tuple((number, 2**30 + number) for number in range(1, new_orders + 1))
        return Look(known={}, numbers=numbers, now=datetime.now(UTC))

    def open_orders(
        self, _session_id: int, *, security_id: str | None, limit: int
    ) -> Sequence[int]:
        assert security_id is None
        if self.looks_fail:
            self.failed_looks += 1
            raise _AWAY
        return range(1, self.open_count + 1)[:limit]

    def standings(self, execution_ids: Collection[int]) -> Sequence[Standing]:
        self._assert_there()
        self.listed.append(len(execution_ids))
        return [*execution_ids]  # type: ignore[list-item]  # a parrot tells anything

    def sent(self, _session: TakenSession, first: int, last: int) -> Sequence[Sent]:
        self._assert_there()
        self.pages.append((first, last))
        return [self.kept[seq] for seq in range(first, last + 1) if seq in self.kept]

    def waiting(self, session_ids: Collection[int]) -> frozenset[int]:
        self._assert_there()
        return frozenset(each for each in session_ids if self.pending.get(each))

    def reports(self, session_id: int, *, limit: int) -> Sequence[Evaluated | Refused]:
        self._assert_there()
        page = self.pending.get(session_id, [])[:limit]
        if page:
            self.read.append(session_id)
        return page

    def undecided(self, *, in_hand: Iterable[str] = (), limit: int) -> Sequence[FixRequest]:
        self._assert_there()
        keys = {*in_hand}
        others = [r for r in self.requests if key_of(r.session_id, r.cl_ord_id) not in keys]
        return others[:limit]

    def refuse(self, request: FixRequest, refusal: Refusal) -> None:
        self._assert_there()
        self.requests.remove(request)
        self.refused.append((request.cl_ord_id, refusal))

    def _assert_there(self) -> None:
        if self.is_away:
            raise _AWAY


class SoundSchema:
    """A schema with which nothing is wrong."""

    def prepare(self) -> SchemaState:
        return SchemaState()

    def check(self) -> SchemaState:
        return SchemaState()

    def mend(self) -> SchemaState:
        return SchemaState()

    def try_out(self) -> None:
        pass


class Parrot:
    """An application that sends orders back, and a news item for each thing to be told."""

    def __init__(self) -> None:
        self.decided: list[int] = []
        self.requests: tuple[FixRequest, ...] = ()

    def needs(self, messages: Sequence[Message]) -> Needs:
        return Needs(frozenset(each.get(11) or b"" for each in messages), 0)

    def decide(self, messages: Sequence[Message], look: Look) -> Decision:
        self.decided.append(len(messages))
        replies = tuple(_reply(id_) for each in messages if (id_ := each.get(11)))
        asked = tuple(
            Listing(message=each, asked_at=look.now) for each in messages if each.kind == b"AF"
        )
        return Decision(replies=replies, requests=self.requests, listings=asked)

    def tell(self, waiting: Sequence[Evaluated | Refused]) -> Decision:
        told = tuple(each.position for each in waiting)
        return Decision(replies=tuple(_reply(b"%d" % each) for each in told), told=told)

    def tell_status(self, page: ListingPage) -> Decision:
        numbers = range(page.first, page.first + len(page.orders))
        return Decision(replies=tuple(_reply(b"%d of %d" % (n, page.total)) for n in numbers))


def _reply(text: bytes) -> Draft:
    return Draft(kind=b"B", fields=((148, text), (33, b"1"), (58, text)))
