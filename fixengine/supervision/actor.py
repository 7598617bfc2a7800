"""The base of every actor: how its messages, errors, crashes and stops are dealt with.

An error raised while a message is handled means:

                        under ask                    under tell
FixengineError          goes to the caller           crash: nobody else can deal with it
any other, a bug        goes to the caller; crash    crash

pykka gives the references; the loop is ours, because pykka's leaves an actor alive after a bug
under ask, and takes a SystemExit in one actor as an order to stop all of them.
"""

import contextlib
import threading
from abc import abstractmethod
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, TypeVar

import pykka
from loguru import logger
from pykka._envelope import Envelope

from fixengine.errors import FixengineError
from fixengine.supervision.lifecycle import Boot, Crash
from fixengine.supervision.mailbox import Mailbox, enter, is_stop
from fixengine.supervision.refs import Request
from fixengine.supervision.reply import Reply
from fixengine.supervision.scope import Scoped
from fixengine.supervision.timers import Timer

_Reply = TypeVar("_Reply")

_TO_END = 0.1  # seconds of a stop's time for a thread to end after `close`


class Actor(pykka.ThreadingActor):
    """A supervised actor; subclasses fill in boot, receive and close.

    An actor always finishes the message in hand. It takes a stop next, before all that waits: it
    drops tells then, unless `close` takes them from the mailbox, and asks fail with ActorDeadError.
    """

    use_daemon_thread = True  # a thread that ignores its stop must not keep the process alive
    closes_within = 0.2  # seconds of a stop's time that the message in hand must leave to `close`
    actor_inbox: Mailbox

    def __init__(self) -> None:
        super().__init__()
        self._boot_order: Boot | None = None
        self._reply_in_hand: pykka.Future[Any] | None = None
        self._log_context = contextlib.ExitStack()
        self.actor_inbox.closes_within = self.closes_within

    def boot(self) -> None:
        """Acquire what the actor needs. If this raises, the start has failed."""

    @abstractmethod
    def receive(self, message: Any) -> Any:
        """Handle one message; what is returned answers an ask."""

    def close(self) -> None:
        """Release what boot has acquired so far; called once.

        Siblings that started earlier still run, unless the crash of one of them ends this actor.
        """

    @property
    def stopping(self) -> bool:
        """Whether a stop of this actor or of those that depend on it has begun.

        The order to stop follows when those are gone. The actor begins nothing new from here on.
        """
        return self.actor_inbox.stop_by < inf

    def close_by(self, most: float) -> float:
        """Return the monotonic time by which `close` is to end, in `most` seconds at the latest."""
        return min(self.actor_inbox.stop_by - _TO_END, monotonic() + most)

    def answer_later(self, _message: Request[_Reply]) -> Reply[_Reply]:
        """Return the reply to the message in hand, which the actor sets later, or in `close`.

        What `receive` returns then is ignored. For use in the actor's own thread.
        """
        reply, self._reply_in_hand = self._reply_in_hand, None
        assert isinstance(reply, Reply), "nobody asks, or the reply was taken before"
        return reply

    def tell_later(self, delay: float, message: Any) -> Timer:
        """Put a message into the own mailbox after `delay` seconds, unless cancelled by then.

        For use in the actor's own thread. The end of the actor cancels all that is pending.
        """
        assert threading.current_thread() is self.actor_inbox.thread, "nobody else wakes the actor"
        return self.actor_inbox.timers.set(monotonic() + delay, message)

    def _tell_self(self, message: Any) -> None:
        """Tell from another thread, which need not care whether the actor still lives."""
        with contextlib.suppress(pykka.ActorDeadError):
            self.actor_ref.tell(message)

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    @staticmethod
    def _create_future() -> Reply[Any]:
        return Reply()

    def _start_actor_loop(self) -> None:
        name = type(self).__name__
        thread = threading.Thread(target=self._live, name=name, daemon=self.use_daemon_thread)
        self.actor_inbox.thread = thread
        thread.start()

    def _live(self) -> None:
        enter(self.actor_inbox)
        with self._log_context:
            while True:
                envelope = self.actor_inbox.get()
                if is_stop(envelope):
                    self._end(envelope, crash=None)
                    break
                crash = self._handle(envelope)
                if crash is not None:
                    self._end(envelope, crash)
                    break
                self.actor_inbox.busy_since = None

    def _handle(self, envelope: Envelope[Any]) -> BaseException | None:
        """Deal with one message; return the error that ends the actor, None when it goes on."""
        message, self._reply_in_hand = envelope.message, envelope.reply_to
        try:
            answer = self._dispatch(message)
        except FixengineError as error:
            if self._reply_in_hand is None or isinstance(message, Boot):
                return error
            self._reply_in_hand.set_exception()
        except BaseException as error:  # noqa: BLE001  nothing may leave the thread
            return error
        else:
            if self._reply_in_hand is not None:
                self._reply_in_hand.set(answer)
        return None

    def _dispatch(self, message: Any) -> Any:
        match message:
            case Boot():
                name = message.name or type(self).__name__
                threading.current_thread().name = name
                self._log_context.enter_context(logger.contextualize(actor=name))
                self._boot_order = message
                self.boot()
                message.on_ready()
                return None
            case Crash():
                raise RuntimeError(message.reason)
            case Scoped(scope=scope, message=inner):
                with scope.entered():
                    return self.receive(inner)
            case _:
                return self.receive(message)

    def _end(self, envelope: Envelope[Any], crash: BaseException | None) -> None:
        """Close, report, be dead, answer: an asker that fails because of this reports later."""
        if crash is not None:
            _log(crash, "actor crashed")
        self.actor_inbox.timers.clear()
        self.actor_inbox.patient_until = self.actor_inbox.stop_by
        if self._boot_order is not None:
            on_exit = self._boot_order.on_exit
            _contain(self.close, "actor failed to close")
            _contain(lambda: on_exit(crash), "actor failed to report its end")
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        self.actor_inbox.close()
        reply_to = envelope.reply_to if crash is None else self._reply_in_hand
        if reply_to is not None:
            _answer(reply_to, crash)
        self.actor_inbox.busy_since = None


assert Actor.closes_within > _TO_END


def _answer(reply_to: pykka.Future[Any], crash: BaseException | None) -> None:
    if crash is None:
        reply_to.set(None)
    elif isinstance(crash, Exception):
        reply_to.set_exception((type(crash), crash, crash.__traceback__))
    else:  # a SystemExit must not end the caller too
        error = pykka.ActorDeadError(f"the actor was ended by {crash!r}")
        reply_to.set_exception((pykka.ActorDeadError, error, None))


def _contain(call: Callable[[], object], failure: str) -> None:
    """Call, and log whatever is raised: nothing may keep an actor from its end."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001  the thread's edge
        _log(error, failure)


def _log(error: BaseException, event: str) -> None:
    logger.opt(exception=error).error(event)
