"""What every actor does with messages, errors, crashes and stops."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import pykka
import pytest
from loguru import logger

from fixengine.errors import FixengineError, UnavailableError
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot, Crash
from fixengine.supervision.refs import Question, Request, ask
from fixengine.supervision.reply import Reply
from tests.unit.supervision.family import PATIENCE, join, mailbox_of, wait_until


class Worker(Actor):
    """Does what its messages say, and notes what becomes of it."""

    def __init__(
        self,
        *,
        notes: list[str],
        at_boot: Callable[[], object] = lambda: None,
        at_close: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self.notes = notes
        self.at_boot = at_boot
        self.at_close = at_close

    def boot(self) -> None:
        self.notes.append("boot")
        self.at_boot()

    def receive(self, message: Any) -> Any:
        return message(self) if callable(message) else self.notes.append(message)

    def close(self) -> None:
        self.notes.append("close")
        self.at_close()


class Silent(Actor):
    """Answers nothing before the test is over."""

    def __init__(self, over: threading.Event) -> None:
        super().__init__()
        self._over = over

    def receive(self, message: Any) -> None:
        self._over.wait(PATIENCE)


class Host:
    """One worker, its notes, and the exits that it reports."""

    def __init__(self, **parts: Callable[[], object]) -> None:
        self.notes: list[str] = []
        self.exits: list[BaseException | None] = []
        self.ref = Worker.start(notes=self.notes, **parts)

    def boot(self) -> None:
        def exited(crash: BaseException | None) -> None:
            self.notes.append("exit")
            self.exits.append(crash)

        self.ref.ask(Boot(name="worker", on_exit=exited), timeout=PATIENCE)


@contextmanager
def hosting(*, booted: bool = True, **parts: Callable[[], object]) -> Iterator[Host]:
    host = Host(**parts)
    try:
        if booted:
            host.boot()
        yield host
    finally:
        host.ref.stop(block=False)
        join(host.ref)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    records: list[Any] = []
    sink = logger.add(lambda message: records.append(message.record), level="DEBUG")
    yield records
    logger.remove(sink)


def fail(error: BaseException) -> Callable[[Worker], None]:
    def action(_worker: Worker) -> None:
        raise error

    return action


def test_boot_is_answered_when_it_is_done() -> None:
    with hosting() as host:
        assert host.notes == ["boot"]


def test_boot_and_messages_run_in_a_thread_with_the_actors_name() -> None:
    with hosting() as host:
        name = host.ref.ask(lambda _: threading.current_thread().name, timeout=PATIENCE)
    assert name == "worker"


def test_an_expected_error_goes_to_the_one_who_asked_and_the_actor_lives() -> None:
    with hosting() as host:
        with pytest.raises(UnavailableError, match="away"):
            host.ref.ask(fail(UnavailableError("away")), timeout=PATIENCE)
        assert host.ref.ask(lambda _: "still here", timeout=PATIENCE) == "still here"
        assert host.exits == []


def test_an_expected_error_that_nobody_asked_for_is_a_crash() -> None:
    with hosting() as host:
        error = UnavailableError("away")
        host.ref.tell(fail(error))
        join(host.ref)
        assert host.exits == [error]


def test_a_bug_under_ask_goes_to_the_caller_and_is_a_crash() -> None:
    with hosting() as host:
        error = ZeroDivisionError("bug")
        with pytest.raises(ZeroDivisionError, match="bug"):
            host.ref.ask(fail(error), timeout=PATIENCE)
        assert not host.ref.is_alive()
        assert host.exits == [error]


def test_a_bug_under_tell_is_a_crash() -> None:
    with hosting() as host:
        error = KeyError("bug")
        host.ref.tell(fail(error))
        join(host.ref)
        assert host.exits == [error]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
@pytest.mark.parametrize("asked", [True, False])
def test_a_base_exception_ends_its_own_actor_only(kind: type[BaseException], asked: bool) -> None:
    with hosting() as bystander, hosting() as host:
        if asked:
            with pytest.raises(pykka.ActorDeadError, match=kind.__name__):
                host.ref.ask(fail(kind()), timeout=PATIENCE)
        else:
            host.ref.tell(fail(kind()))
        join(host.ref)
        assert isinstance(host.exits[0], kind)
        assert bystander.ref.ask(lambda _: "here", timeout=PATIENCE) == "here"


def test_an_actor_can_be_crashed_on_purpose() -> None:
    with hosting() as host:
        with pytest.raises(RuntimeError, match="for a test"):
            host.ref.ask(Crash(reason="for a test"), timeout=PATIENCE)
        assert isinstance(host.exits[0], RuntimeError)


def test_a_crashed_actor_closes_before_it_reports() -> None:
    with hosting() as host:
        host.ref.tell(fail(KeyError()))
        join(host.ref)
        assert host.notes == ["boot", "close", "exit"]


def test_a_stopped_actor_closes_and_reports_a_normal_exit() -> None:
    with hosting() as host:
        assert host.ref.stop(timeout=PATIENCE)
        assert host.notes == ["boot", "close", "exit"]
        assert host.exits == [None]


def test_an_actor_can_stop_itself() -> None:
    with hosting() as host:
        host.ref.tell(lambda worker: worker.stop())
        join(host.ref)
        assert host.exits == [None]


@dataclass(frozen=True)
class Wait(Request[str]):
    """Test → later: answer with the text that comes next."""

    fails: bool = False


class Later(Actor):
    """Answers what it is asked when it is told to, or when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply[str]] = []

    def receive(self, message: Wait | str) -> object:
        if isinstance(message, Wait):
            self.replies.append(self.answer_later(message))
            if message.fails:
                raise UnavailableError("after it has taken the reply")
        else:
            self._answer(message)
        return "nobody gets this"

    def close(self) -> None:
        self._answer("at the end")

    def _answer(self, text: str) -> None:
        for reply in self.replies:
            reply.set(text)
        self.replies.clear()


def test_an_actor_can_answer_several_later() -> None:
    ref = Later.start()
    ask(ref, Boot(), timeout=60)
    first, second = (Question(ref, Wait()) for _ in range(2))
    ref.tell("now")
    assert (first.reply(timeout=60), second.reply(timeout=60)) == ("now", "now")
    ref.stop(timeout=60)


def test_what_an_actor_has_not_answered_it_can_answer_in_its_close() -> None:
    ref = Later.start()
    ask(ref, Boot(), timeout=60)
    waits = Question(ref, Wait())
    ref.tell(Crash(reason="a bug"))
    assert waits.reply(timeout=60) == "at the end"


def test_an_expected_error_after_the_reply_was_taken_is_a_crash() -> None:
    ref = Later.start()
    exits: list[BaseException | None] = []
    ask(ref, Boot(on_exit=exits.append), timeout=60)
    Question(ref, Wait(fails=True))
    mailbox_of(ref).thread.join(60)
    assert isinstance(exits[0], UnavailableError)


def test_close_runs_once_however_often_the_actor_is_stopped() -> None:
    with hosting() as host:
        for _ in range(3):
            host.ref.stop(block=False)
        join(host.ref)
        assert host.notes.count("close") == 1


def test_a_stop_that_comes_before_boot_closes_nothing() -> None:
    with hosting(booted=False) as host:
        host.ref.stop(timeout=PATIENCE)
        assert host.notes == []


@pytest.mark.parametrize("error", [UnavailableError("away"), KeyError("bug"), SystemExit(1)])
def test_a_boot_that_fails_is_closed_reported_and_answered(error: BaseException) -> None:
    def boot() -> None:
        raise error

    host = Host(at_boot=boot)
    with pytest.raises((UnavailableError, KeyError, pykka.ActorDeadError)):
        host.boot()
    join(host.ref)
    assert host.notes == ["boot", "close", "exit"]
    assert host.exits == [error]


@pytest.mark.parametrize("error", [KeyError("bug"), SystemExit(1)])
def test_a_close_that_fails_is_logged_and_the_exit_still_reported(
    error: BaseException, logged: list[Any]
) -> None:
    def close() -> None:
        raise error

    with hosting(at_close=close) as host:
        host.ref.stop(timeout=PATIENCE)
        assert host.exits == [None]
    assert [record["message"] for record in logged] == ["actor failed to close"]


def test_a_crash_is_logged_once_with_the_actors_name_and_the_trace(logged: list[Any]) -> None:
    with hosting() as host:
        error = KeyError("bug")
        host.ref.tell(fail(error))
        join(host.ref)
    (record,) = logged
    assert record["message"] == "actor crashed"
    assert record["extra"]["actor"] == "worker"
    assert record["exception"].value is error
    assert record["exception"].traceback is not None


def test_pykka_logs_no_error_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with hosting() as host, pytest.raises(KeyError):
        host.ref.ask(fail(KeyError()), timeout=PATIENCE)
    assert caplog.records == []


def busy(host: Host) -> threading.Event:
    """Keep the actor at a message until the event is set."""
    begun, release = threading.Event(), threading.Event()

    def wait(_worker: Worker) -> None:
        begun.set()
        release.wait(PATIENCE)

    host.ref.tell(wait)
    assert begun.wait(PATIENCE)
    return release


def test_a_stop_overtakes_a_long_mailbox() -> None:
    with hosting() as host:
        release = busy(host)
        for number in range(1000):
            host.ref.tell(f"message {number}")
        host.ref.stop(block=False)
        release.set()
        join(host.ref)
        assert host.notes == ["boot", "close", "exit"]


def test_asks_that_wait_when_the_actor_ends_fail_at_once() -> None:
    with hosting() as host:
        release = busy(host)
        replies = [host.ref.ask("anything", block=False) for _ in range(3)]
        host.ref.tell(Crash(reason="test"))
        later = host.ref.ask("anything", block=False)
        host.ref.stop(block=False)
        release.set()
        for reply in (*replies, later):
            with pytest.raises(pykka.ActorDeadError):
                reply.get(timeout=PATIENCE)


def test_an_ask_that_slips_in_after_the_end_fails_instead_of_hanging() -> None:
    with hosting() as host:
        host.ref.stop(timeout=PATIENCE)
        host.ref.actor_stopped.clear()  # as it was when the sender looked
        with pytest.raises(pykka.ActorDeadError):
            host.ref.ask("too late", timeout=PATIENCE)
        host.ref.tell("too late")
        host.ref.actor_stopped.set()


def test_an_actor_that_fails_for_want_of_another_reports_after_it() -> None:
    reports: list[str] = []
    closing, release = threading.Event(), threading.Event()

    def slow_close() -> None:
        closing.set()
        release.wait(PATIENCE)

    with hosting(booted=False, at_close=slow_close) as first, hosting(booted=False) as second:
        first.ref.ask(Boot(on_exit=lambda _: reports.append("first")), timeout=PATIENCE)
        second.ref.ask(Boot(on_exit=lambda _: reports.append("second")), timeout=PATIENCE)
        second.ref.tell(lambda _: first.ref.ask(fail(KeyError()), timeout=PATIENCE))
        assert closing.wait(PATIENCE)
        assert reports == []
        release.set()
        join(second.ref)
    assert reports == ["first", "second"]


def test_other_threads_see_what_an_actor_is_at() -> None:
    with hosting() as host:
        mailbox = mailbox_of(host.ref)
        wait_until(lambda: mailbox.busy_since is None)
        release = busy(host)
        host.ref.tell("one")
        host.ref.tell("two")
        assert mailbox.busy_since is not None
        assert mailbox.depth == 2
        release.set()
        wait_until(lambda: mailbox.depth == 0 and mailbox.busy_since is None)


def test_a_message_told_later_arrives() -> None:
    with hosting() as host:
        host.ref.tell(lambda worker: worker.tell_later(0.001, "later"))
        wait_until(lambda: host.notes == ["boot", "later"])


def test_messages_told_later_come_in_the_order_of_their_times() -> None:
    def tell(worker: Worker) -> None:
        worker.tell_later(0.02, "last")
        worker.tell_later(0.001, "first")
        worker.tell_later(0.01, "second")

    with hosting() as host:
        host.ref.tell(tell)
        wait_until(lambda: host.notes == ["boot", "first", "second", "last"])


def test_what_comes_meanwhile_does_not_wait_for_a_message_told_later() -> None:
    with hosting() as host:
        host.ref.tell(lambda worker: worker.tell_later(3600, "never"))
        host.ref.tell("at once")
        wait_until(lambda: host.notes == ["boot", "at once"])


def test_a_message_told_later_can_be_cancelled() -> None:
    def tell(worker: Worker) -> None:
        cancelled = worker.tell_later(0.001, "never")
        worker.tell_later(0.002, "later")
        cancelled.cancel()
        cancelled.cancel()  # which changes nothing

    with hosting() as host:
        host.ref.tell(tell)
        wait_until(lambda: host.notes == ["boot", "later"])


def test_an_actor_needs_no_thread_to_tell_itself_later() -> None:
    with hosting() as host:
        host.ref.ask(lambda _: None, timeout=PATIENCE)
        before = set(threading.enumerate())
        host.ref.ask(lambda worker: worker.tell_later(3600, "never"), timeout=PATIENCE)
        assert set(threading.enumerate()) <= before


def test_what_is_told_later_ends_with_the_actor() -> None:
    with hosting() as host:
        host.ref.ask(lambda worker: worker.tell_later(3600, "never"), timeout=PATIENCE)
        host.ref.stop(timeout=PATIENCE)
        assert mailbox_of(host.ref).timers.next_at() == inf


def test_an_actor_is_told_later_by_its_own_thread_alone() -> None:
    with hosting() as host:
        worker = host.ref.ask(lambda worker: worker, block=True, timeout=PATIENCE)
        with pytest.raises(AssertionError, match="nobody else wakes the actor"):
            worker.tell_later(0.0, "unheard")


def test_an_ended_actor_is_no_longer_registered() -> None:
    with hosting() as host:
        assert pykka.ActorRegistry.get_by_urn(host.ref.actor_urn) is host.ref
        host.ref.tell(Crash(reason="test"))
        join(host.ref)
        assert pykka.ActorRegistry.get_by_urn(host.ref.actor_urn) is None


def test_an_actors_thread_does_not_keep_the_process_alive() -> None:
    with hosting() as host:
        assert mailbox_of(host.ref).thread.daemon


def test_every_expected_error_is_treated_alike() -> None:
    class SomethingExpectedError(FixengineError):
        pass

    with hosting() as host:
        with pytest.raises(SomethingExpectedError):
            host.ref.ask(fail(SomethingExpectedError()), timeout=PATIENCE)
        assert host.ref.is_alive()


def test_a_wait_for_a_reply_ends_when_the_own_stop_needs_the_time() -> None:
    over, asked = threading.Event(), threading.Event()
    silent, host = Silent.start(over), Host()
    host.boot()
    told: list[str] = []

    def wait_for_ever(_: Worker) -> None:
        question = Question(silent, Request[None]())
        asked.set()
        try:
            question.reply(timeout=3600)
        except UnavailableError as error:
            told.append(str(error))

    host.ref.tell(wait_for_ever)
    assert asked.wait(PATIENCE)
    mailbox_of(host.ref).stop_begins(monotonic())
    host.ref.stop(timeout=PATIENCE)
    over.set()
    silent.stop(timeout=PATIENCE)
    assert told == ["the silent actor did not reply within 3600 s"]


def test_who_is_no_actor_waits_as_long_as_it_says() -> None:
    over = threading.Event()
    silent = Silent.start(over)
    with pytest.raises(UnavailableError):
        ask(silent, Request[None](), timeout=0.01)
    over.set()
    silent.stop(timeout=PATIENCE)
