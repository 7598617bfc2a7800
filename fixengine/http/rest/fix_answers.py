"""The bodies of answers about FIX sessions, as types that encode them and describe them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fixengine.fix.dictionary import versions
from fixengine.fix.framing import Frame
from fixengine.fix.message import parse
from fixengine.ports.fix import Sent
from fixengine.ports.fix_queries import SentPage, ShownSession
from fixengine.wire.executions import Moment, moment
from fixengine.wire.fix_fields import described, shown


class SessionState(StrEnum):
    """Whether a gateway has a session's client."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


class FixSession(msgspec.Struct, rename="camel", kw_only=True):
    """A FIX session that somebody has logged on by."""

    id: int
    version: Annotated[str, Meta(description="BeginString(8).")]
    own_comp_id: str
    peer_comp_id: Annotated[str, Meta(description="The client's.")]
    state: SessionState
    owner: (
        Annotated[str, Meta(description="The gateway that has it, or had it last.")] | UnsetType
    ) = UNSET
    epoch: Annotated[int, Meta(description="How often a gateway took it.")]
    generation: Annotated[int, Meta(description="How often the numbers began at 1.")]
    began_timestamp: Annotated[Moment, Meta(description="When the generation began.")]
    next_in: Annotated[int, Meta(description="Number of the client's next message.")]
    next_out: Annotated[int, Meta(description="Number of our next message.")]
    seen_timestamp: (
        Annotated[Moment, Meta(description="When a gateway last took it, or let it go.")]
        | UnsetType
    ) = UNSET
    begins_anew: Annotated[bool, Meta(description="The next logon begins a new generation.")]
    reports_waiting: Annotated[int, Meta(description="To be told to the client, up to 1,000.")]
    requests_undecided: Annotated[
        int, Meta(description="To cancel or replace, of the oldest 10,000 of all sessions.")
    ]
    heard_timestamp: (
        Annotated[Moment, Meta(description="When the client was last heard; its gateway knows.")]
        | UnsetType
    ) = UNSET
    missing_before: (
        Annotated[
            int,
            Meta(
                description="From nextIn to before this number something is missing, which the "
                "client was asked for; its gateway knows."
            ),
        ]
        | UnsetType
    ) = UNSET


class FixField(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A field of a message."""

    tag: int
    name: str | UnsetType = UNSET
    value: Annotated[str, Meta(description="Bytes that are no UTF-8 are written as \\\\xNN.")]
    meaning: Annotated[str, Meta(description="Of a code.")] | UnsetType = UNSET


class FixMessage(msgspec.Struct, rename="camel", kw_only=True):
    """A message that a session has sent, without the fields of header and trailer."""

    generation: int
    number: Annotated[int, Meta(description="MsgSeqNum(34).")]
    type: Annotated[str, Meta(description="MsgType(35).")]
    name: str | UnsetType = UNSET
    sent_timestamp: Annotated[Moment, Meta(description="When it was first sent.")]
    execution_id: int | UnsetType = UNSET
    evaluation: (
        Annotated[
            int,
            Meta(description="Number in the ledger of what it tells of; 0: the order was taken."),
        ]
        | UnsetType
    ) = UNSET
    fields: list[FixField]


def fix_session(of: ShownSession) -> FixSession:
    """Return the answer for a session."""
    return FixSession(
        id=of.id,
        version=shown(of.begin),
        own_comp_id=shown(of.own),
        peer_comp_id=shown(of.peer),
        state=SessionState.ONLINE if of.is_held else SessionState.OFFLINE,
        owner=of.owner or UNSET,
        epoch=of.epoch,
        generation=of.generation,
        began_timestamp=moment(of.began_at),
        next_in=of.next_in,
        next_out=of.next_out,
        seen_timestamp=_moment(of.seen_at),
        begins_anew=of.reset_wanted,
        reports_waiting=of.reports,
        requests_undecided=of.requests,
        heard_timestamp=_moment(of.heard_at),
        missing_before=UNSET if of.missing_before is None else of.missing_before,
    )


def fix_message(sent: Sent, page: SentPage) -> FixMessage:
    """Return the answer for a message of a page."""
    dictionary = versions()[page.begin]
    message = parse(Frame(dictionary.version, sent.body), dictionary.data_fields)
    return FixMessage(
        generation=page.generation,
        number=sent.seq,
        type=shown(sent.kind),
        name=dictionary.types.get(sent.kind, UNSET),
        sent_timestamp=moment(sent.sent_at),
        execution_id=UNSET if sent.execution_id is None else sent.execution_id,
        evaluation=UNSET if sent.number is None else sent.number,
        fields=[
            FixField(
                tag=field.tag,
                name=field.name or UNSET,
                value=field.text,
                meaning=field.meaning or UNSET,
            )
            for field in described(message.fields, dictionary)
        ],
    )


def _moment(time: datetime | None) -> msgspec.Raw | UnsetType:
    return UNSET if time is None else moment(time)
