"""The messages between the gateway's actors, by receiver. `fixengine.actors.gateway` draws them."""

from dataclasses import dataclass
from datetime import datetime

from fixengine.actors.reading.messages import ReaderQuery
from fixengine.config.fix_sessions import Agreement
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.ports.fix import Identity, TakenSession, Work
from fixengine.ports.fix_queries import SentPage, SentQuery, SessionQuery, ShownSession
from fixengine.ports.lines import Line
from fixengine.supervision.refs import ActorRef, Request


# to the repository
@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAnew:
    """Directory → repository: let all sessions go; news of sessions goes to `reply_to`."""

    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSession:
    """Directory → repository: take a session. SessionAnswered follows."""

    identity: Identity
    began_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSession:
    """Directory → repository: let a session go."""

    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitWork(Request[None]):
    """Session → repository: store this.

    Raises UnavailableError when that is not sure, or the session is no longer held, RejectedError
    when the database refuses it. In each case the session is over.
    """

    work: Work


# to the symbols
@dataclass(frozen=True, slots=True)
class SymbolMissed:
    """Session → symbols: a client has asked for a ticker or security that is not on the list."""


# to the requests
@dataclass(frozen=True, slots=True)
class RequestsStored:
    """Session → requests: there are requests to cancel or replace that nobody has decided."""


# to the reader
@dataclass(frozen=True, slots=True, kw_only=True)
class GetSessions(ReaderQuery[tuple[ShownSession, ...]]):
    """REST → reader: find sessions."""

    query: SessionQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSent(ReaderQuery[SentPage | None]):
    """REST → reader: find what a session has sent. The reply is None when there is no session."""

    query: SentQuery


# to the porter
@dataclass(frozen=True, slots=True, kw_only=True)
class Knocked:
    """Acceptor → porter: a client begins with a Logon; `framer` has what came behind it."""

    line: Line
    knock: Knock
    framer: Framer

    @property
    def identity(self) -> Identity:
        """Return whose session the client asks for."""
        knock = self.knock
        return Identity(knock.dictionary.version, knock.target, knock.sender)


# to the directory
@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Porter → directory: a client may log on as far as its Logon goes."""

    agreement: Agreement
    knocked: Knocked


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAnswered:
    """Repository → directory: the session is taken, or held elsewhere, or nobody can say.

    `taken` is None in the last two cases, and `error` says why nobody can.
    """

    identity: Identity
    taken: TakenSession | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsWanted:
    """Repository → directory: other gateways have clients at their doors that own these."""

    session_ids: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsLost:
    """Repository → directory: the locks of all sessions are gone, or may be."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """Session → directory: nothing of it writes any more."""

    identity: Identity
    session_id: int


# to a session
@dataclass(frozen=True, slots=True)
class BytesCame:
    """Line → session: bytes of the client wait to be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLost:
    """Line → session: the connection is closed."""

    why: str


@dataclass(frozen=True, slots=True)
class ReportsWait:
    """Reports → session: there is something to tell the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut:
    """Directory → session: say Logout with this text, and end."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLine:
    """Directory → session: close the connection without a word, and end."""

    why: str
