"""What the publisher sends: fills and dead letters as messages, each with a token to know it by."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from fixengine.actors.deliveries import Outgoing
from fixengine.actors.messages import ActorRef, DeadLetter
from fixengine.actors.pending import Key, key_of
from fixengine.domain import Fill
from fixengine.letters import letter_headers
from fixengine.tracing import TRACEPARENT, fill_context
from fixengine.wire import encode_execution


@dataclass(frozen=True, slots=True)
class FillToken:
    """A fill, by its key."""

    key: Key


@dataclass(frozen=True, slots=True)
class LetterToken:
    """A dead letter, since when its record has been one, and who wants to know."""

    letter: DeadLetter
    failed_at: datetime
    reply_to: ActorRef


Token: TypeAlias = FillToken | LetterToken
Message: TypeAlias = Outgoing[Token]


def fill_message(fill: Fill, *, topic: str, until: float) -> Message:
    """Return the message of a fill: keyed, so that an execution's fills keep their order."""
    context = fill_context(fill.execution)
    return Outgoing(
        token=FillToken(key_of(fill)),
        topic=topic,
        key=str(fill.execution.execution_service_id).encode(),
        value=encode_execution(fill.execution),
        headers=() if context is None else ((TRACEPARENT, str(context).encode()),),
        until=until,
    )


def letter_message(token: LetterToken, *, topic: str) -> Message:
    """Return the message of a dead letter: its record's key and bytes, and why it is one."""
    record = token.letter.record
    return Outgoing(
        token=token,
        topic=topic,
        key=record.key,
        value=record.value,
        headers=letter_headers(record, reason=token.letter.reason, failed_at=token.failed_at),
    )
