"""A gateway needs no other rights than those that `docs/deploying.md` gives to engines."""

from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.rules.changes import Refusal
from tests.support.fix.works import IDENTITY, cancel, enter, gateway, sent, taken, work
from tests.support.postgres.roles import dsn_as
from tests.support.rows import opened


def test_a_role_for_engines_may_do_all_that_a_gateway_does(database: str, role: str) -> None:
    with opened(dsn_as(role, database)) as pool, gateway(pool) as one, gateway(pool) as other:
        books = PostgresFixBooks(pool)
        ours = taken(one)
        (entered,) = enter(one, books, ours, b"1")
        asked = cancel(ours, b"2", entered.execution_id)
        one.commit([work(ours, sent=(sent(1),), requests=(asked,), orders=(entered.fix,))])
        assert other.take(IDENTITY, began_since=None) is None
        assert one.wanted() == {ours.id}
        assert books.undecided(limit=1) == [asked]
        books.refuse(asked, Refusal.CLOSED)
        assert books.waiting([ours.id]) == {ours.id}
        (report,) = books.reports(ours.id, limit=10)
        told = work(ours, told=(report.position,), done=(b"2",))
        assert one.commit([told]) == {ours.id}
        assert [*books.look(ours.id, [b"2"], new_orders=0).known] == [b"2"]
        (listed,) = books.standings(books.open_orders(ours.id, security_id=None, limit=1))
        assert listed.execution.id == entered.execution_id
        assert len(books.sent(ours, 1, 1)) == 1
        one.release(ours.id)
        one.close()
        one.open()
        assert taken(other).epoch == ours.epoch + 1
