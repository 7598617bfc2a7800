"""All that the repository writes, one message at a time."""

from typing import TypeAlias, assert_never

from fixengine.actors.messages import (
    AbandonClaim,
    ClaimDue,
    DropParts,
    ExecutionsFreed,
    ForgetExecutions,
    ForgetMessages,
    GetUnpublished,
    MarkPublished,
    StoreFills,
    StoreOrders,
    TakeOverOutbox,
    TakePlace,
)
from fixengine.actors.storage.refusals import ClaimOutcome, NewOrders, store
from fixengine.actors.storage.schema_watch import SchemaWatch
from fixengine.ports.stores import Claims, OrderTable, Outbox, Retention
from fixengine.supervision.refs import ActorRef, tell

Write: TypeAlias = (
    StoreOrders
    | ClaimDue
    | StoreFills
    | AbandonClaim
    | TakeOverOutbox
    | GetUnpublished
    | MarkPublished
    | TakePlace
    | ForgetExecutions
    | ForgetMessages
    | DropParts
)


class Writes:
    """The tables, and who claims."""

    def __init__(
        self,
        *,
        orders: OrderTable,
        claims: Claims,
        outbox: Outbox,
        retention: Retention,
        schema: SchemaWatch,
        apart_within: float,
    ) -> None:
        """Take the tables, and the seconds for trying apart what is refused together."""
        self._orders = orders
        self._claims = claims
        self._outbox = outbox
        self._retention = retention
        self._schema = schema
        self._apart_within = apart_within
        self._claimer: ActorRef | None = None

    def perform(self, message: Write) -> object:
        """Do what a message asks for, and return its reply; raises UnavailableError."""
        match message:
            case StoreOrders(orders=orders, partitions=partitions):
                new = NewOrders(
                    self._orders, orders, partitions=partitions, within=self._apart_within
                )
                return message.answer(store(new, self._schema))
            case ClaimDue(limit=limit, reply_to=reply_to):
                self._claimer = reply_to
                return message.answer(self._claims.claim(limit))
            case StoreFills():
                outcome = ClaimOutcome(self._claims, message, within=self._apart_within)
                return message.answer(store(outcome, self._schema))
            case AbandonClaim():
                self._claims.abandon()
                return None
            case TakeOverOutbox(suspects=suspects):
                return message.answer(self._outbox.take_over(suspects))
            case GetUnpublished(after=after, limit=limit, older_than=older_than):
                page = self._outbox.unpublished(after=after, limit=limit, older_than=older_than)
                return message.answer(page)
            case MarkPublished(fills=fills):
                return message.answer(self._mark(fills))
            case TakePlace(members=members):
                return message.answer(self._claims.take_place(members))
            case ForgetExecutions(after=after):
                return message.answer(self._retention.forget_executions(after=after))
            case ForgetMessages():
                return message.answer(self._retention.forget_messages())
            case DropParts():
                return message.answer(self._retention.drop_parts())
            case _:
                assert_never(message)

    def _mark(self, fills: tuple[tuple[int, int], ...]) -> int:
        marked = self._outbox.mark_published(fills)
        if self._claims.published(fills) and self._claimer is not None:
            tell(self._claimer, ExecutionsFreed())
        return marked
