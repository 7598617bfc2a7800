"""Fills and dead letters as messages, each with a token to know it by."""

from dataclasses import dataclass

from fixengine.actors.publishing.deliveries import Outgoing
from fixengine.actors.publishing.letter_queue import PendingLetter
from fixengine.actors.publishing.pending import Key, key_of
from fixengine.rules.values import Fill
from fixengine.telemetry.spans import TRACEPARENT, fill_context
from fixengine.wire.executions import encode_execution
from fixengine.wire.letters import letter_headers
from fixengine.wire.shortening import shorten


@dataclass(frozen=True, slots=True)
class FillToken:
    """A fill, by its key."""

    key: Key


def fill_message(fill: Fill, *, topic: str, until: float) -> Outgoing[FillToken]:
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


def letter_message(letter: PendingLetter, *, topic: str) -> Outgoing[PendingLetter]:
    """Return the message of a dead letter: its record, and headers that say why it is one."""
    record = letter.record if letter.room is None else shorten(letter.record, letter.room)
    return Outgoing(
        token=letter,
        topic=topic,
        key=record.key,
        value=record.value,
        headers=letter_headers(
            record, reason=letter.reason, failed_at=letter.failed_at, original=letter.original
        ),
    )
