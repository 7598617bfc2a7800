"""Whatever clients say and whatever happens, the database knows what a book in memory does."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.fix.stored_market import stored_markets
from tests.unit.trading.test_entry import Trading


def test_clients_that_say_anything_on_a_market_that_does_anything(database: str) -> None:
    with stored_markets(database) as make:

        class TradingOnPostgres(Trading):
            def __init__(self) -> None:
                super().__init__(make())

        run_state_machine_as_test(
            TradingOnPostgres,
            settings=settings(max_examples=10, stateful_step_count=25, deadline=None),
        )
