"""The engines that the chaos run must see through: they are broken, and work."""

import pytest

from tests.chaos.broken import no_outbox, no_transaction
from tests.integration.postgres.test_claims import filled
from tests.support.rows import fill_with_orders, one, opened, session


def test_without_an_outbox_nothing_is_remembered(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 3))
        claim = claims.claim(2)
        monkeypatch.setattr("fixengine.infra.postgres.claimed_rows.query", no_outbox.STORE)
        assert len(claims.store(filled(claim), ())) == 2
    assert one(database, "select count(*) from fill") == 2
    assert one(database, "select count(*) from outbox") == 0


def test_without_a_transaction_two_engines_fill_one_row(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixengine.infra.postgres.claims.query", no_transaction.CLAIM)
    monkeypatch.setattr("fixengine.infra.postgres.claimed_rows.query", no_transaction.STORE)
    with opened(database) as pool, session(pool) as first, session(pool) as second:
        fill_with_orders(pool, range(1, 3))
        claims = [each.claim(2) for each in (first, second)]
        stored = [
            each.store(filled(claim), ())
            for each, claim in zip((first, second), claims, strict=True)
        ]
    assert [len(each) for each in stored] == [2, 2]
