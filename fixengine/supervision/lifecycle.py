"""The messages of starting, ending and restarting actors."""

from collections.abc import Callable
from dataclasses import dataclass

from fixengine.supervision.refs import ActorRef, Request
from fixengine.supervision.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Request[None]):
    """Supervisor → every child, before all else: acquire what you need.

    The callbacks run in the child's thread: `on_ready` once it has booted, `on_exit` when it has
    closed, with the error that it crashed with or None.
    """

    name: str = ""
    on_ready: Callable[[], object] = lambda: None
    on_exit: Callable[[BaseException | None], object] = lambda _crash: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Test → any actor: crash as if by a bug. Reply: the error."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartChildren(Request[Reply[None]]):
    """App → supervisor: start all. It replies at once.

    The inner reply is set when all have booted. It raises StartError when one of them fails, or
    when a shutdown comes first.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown(Request[tuple[str, ...]]):
    """App → supervisor: stop all for good, in `within` seconds or the sum of their shares.

    The shorter time counts. The reply has the names of the children that ignored their deadline;
    their threads still run.
    """

    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """Child → supervisor: it has booted."""

    ref: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class BootExpired:
    """Supervisor → itself: the time that the child was given to boot is over."""

    ref: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """Child → supervisor: it has closed, after a crash or a stop."""

    ref: ActorRef
    crash: BaseException | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartDue:
    """Supervisor → itself: the back-off of the child at this position is over."""

    position: int


SupervisorMessage = StartChildren | Shutdown | Booted | BootExpired | Exited | RestartDue
