"""Which message an actor gets next, from others and from itself."""

from collections.abc import Callable
from threading import Lock, Semaphore, Thread
from time import monotonic
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope  # pykka has no public name for either
from pykka.messages import _ActorStop

from fixengine.supervision.mailbox import Mailbox
from tests.unit.supervision.family import PATIENCE


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def put(mailbox: Mailbox, *messages: Any) -> None:
    for message in messages:
        mailbox.put(Envelope(message))


def taken(mailbox: Mailbox, number: int) -> list[Any]:
    return [mailbox.get().message for _ in range(number)]


def test_a_message_whose_time_came_comes_after_what_waits(mailbox: Mailbox) -> None:
    mailbox.timers.set(monotonic(), "later")
    put(mailbox, "first", "second")
    assert taken(mailbox, 3) == ["first", "second", "later"]


def test_a_mailbox_that_is_never_empty_does_not_keep_a_message_from_its_time(
    mailbox: Mailbox,
) -> None:
    mailbox.timers.set(monotonic(), "later")
    put(mailbox, "at once")
    came = []
    for _ in range(3):
        came += taken(mailbox, 1)
        put(mailbox, "at once")
    assert came == ["at once", "later", "at once"]


def test_messages_whose_time_has_always_come_do_not_keep_others_waiting(mailbox: Mailbox) -> None:
    mailbox.timers.set(monotonic(), "later")
    assert taken(mailbox, 1) == ["later"]
    mailbox.timers.set(monotonic(), "later")
    put(mailbox, "from another")
    came = []
    for _ in range(2):
        came += taken(mailbox, 1)
        mailbox.timers.set(monotonic(), "later")
    assert came == ["from another", "later"]


def test_a_stop_goes_before_messages_whose_time_has_come(mailbox: Mailbox) -> None:
    mailbox.timers.set(monotonic(), "later")
    put(mailbox, "first", _ActorStop())
    assert isinstance(mailbox.get().message, _ActorStop)


def test_no_message_comes_before_its_time(mailbox: Mailbox) -> None:
    began = monotonic()
    for number in range(50):
        mailbox.timers.set(began + number * 0.0002, began + number * 0.0002)
    for _ in range(50):
        (at,) = taken(mailbox, 1)
        assert monotonic() >= at


class LateBell:
    """A bell that somebody is about to ring when a wait for it has just ended."""

    def __init__(self, ring_late: Callable[[], object]) -> None:
        self._bell = Lock()
        self._bell.acquire()
        self._ring_late = ring_late
        self.rings = 0

    def acquire(self, timeout: float = -1) -> bool:
        acquired = self._bell.acquire(timeout=0 if timeout >= 0 else PATIENCE)
        if not acquired:
            assert timeout >= 0, "waited in vain"
            self._ring_late()
        return acquired

    def release(self) -> None:
        self.rings += 1
        self._bell.release()


def test_a_bell_that_rings_as_a_wait_ends_is_heard_and_does_not_ring_twice(
    mailbox: Mailbox,
) -> None:
    bell = mailbox._bell = LateBell(lambda: put(mailbox, "late"))  # type: ignore[assignment]
    mailbox.timers.set(monotonic() + 3600, "never")
    assert taken(mailbox, 3) == ["late", "late", "late"]
    assert bell.rings == 3
    assert not bell._bell.acquire(blocking=False)


def test_nobody_rings_for_an_actor_whose_wait_has_ended(mailbox: Mailbox) -> None:
    bell = mailbox._bell = LateBell(lambda: None)  # type: ignore[assignment]
    mailbox.timers.set(monotonic() + 0.001, "later")
    assert taken(mailbox, 1) == ["later"]
    put(mailbox, "meanwhile")
    assert bell.rings == 0
    assert taken(mailbox, 1) == ["meanwhile"]


def test_nothing_is_lost_or_out_of_order_while_many_tell_and_times_come(mailbox: Mailbox) -> None:
    senders, each = 3, 1_000
    turns = [Semaphore() for _ in range(senders)]  # so that the mailbox is empty most of the time

    def tell(sender: int) -> None:
        for number in range(each):
            assert turns[sender].acquire(timeout=PATIENCE)
            put(mailbox, (sender, number))

    threads = [Thread(target=tell, args=(sender,), daemon=True) for sender in range(senders)]
    for thread in threads:
        thread.start()
    told: dict[int, list[int]] = {sender: [] for sender in range(senders)}
    later: list[int] = []
    for number in range(each):
        mailbox.timers.set(monotonic() + number % 8 * 0.00002, number)
        for message in taken(mailbox, senders + 1):
            match message:
                case int():
                    later.append(message)
                case (sender, what):
                    told[sender].append(what)
                    turns[sender].release()
    assert sorted(later) == [*range(each)]
    assert told == {sender: [*range(each)] for sender in range(senders)}
    for thread in threads:
        thread.join(PATIENCE)


def test_a_closed_mailbox_refuses_what_waits_and_what_comes(mailbox: Mailbox) -> None:
    before, after = (pykka.ThreadingFuture[None]() for _ in range(2))
    mailbox.put(Envelope("before", reply_to=before))
    mailbox.close()
    mailbox.put(Envelope("after", reply_to=after))
    for reply in (before, after):
        with pytest.raises(pykka.ActorDeadError):
            reply.get(timeout=PATIENCE)
