"""The demo's options, without anything running."""

from dataclasses import replace

import pytest

from fixengine.commands import demo as command
from fixengine.demo.options import BrokerName, DemoOptions
from tests.support.commands import parse_words, run_command

OPTIONS = DemoOptions(
    orders=500,
    rate=None,
    speed=100.0,
    exits=True,
    cancels=0.0,
    fix=10.0,
    engines=1,
    broker=BrokerName.EMBEDDED,
    seed=1,
    keep=None,
)


def test_nothing_needs_to_be_chosen() -> None:
    arguments = parse_words("demo")
    assert (arguments.orders, arguments.exit, arguments.engines) == (None, False, 1)
    assert (arguments.broker, arguments.cancels, arguments.fix) == ("embedded", 0, 10)


@pytest.mark.parametrize(
    "option",
    [
        "--orders=0",
        "--orders=-1",
        "--rate=0",
        "--speed=nan",
        "--engines=x",
        "--broker=x",
        "--cancels=-1",
        "--cancels=101",
        "--cancels=nan",
        "--cancels=x",
        "--fix=101",
    ],
)
def test_an_option_out_of_range_is_refused(option: str) -> None:
    with pytest.raises(SystemExit):
        parse_words("demo", option)


def test_an_end_needs_a_number_of_orders(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("demo", "--exit") == 2
    assert capsys.readouterr().err == (
        "fixengine demo: --exit needs --orders: without a number of orders there is no end\n"
    )


def test_a_missing_extra_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_EXTRA", ("rich", "not_installed_anywhere"))
    assert run_command("demo") == 2
    assert capsys.readouterr().err == (
        "fixengine demo: the demo's packages are not installed (not_installed_anywhere): "
        "pip install 'fixengine[demo]'\n"
    )


def test_speed_divides_the_delays_between_fills() -> None:
    assert OPTIONS.engine_settings() == {
        "FILL_DELAY_FIRST": "0.010000",
        "FILL_DELAY_MIN": "0.050000",
        "FILL_DELAY_MAX": "1.200000",
        "FILL_SEED": "1",
    }


def test_the_deadline_grows_with_orders_and_delays() -> None:
    assert OPTIONS.deadline_seconds() == pytest.approx(60 + 10 + 72)
    paced = replace(OPTIONS, rate=10.0)
    assert paced.deadline_seconds() == pytest.approx(60 + 50 + 10 + 72)


def test_orders_by_fix_are_some_of_all_orders() -> None:
    assert (OPTIONS.orders_by_fix, OPTIONS.orders_by_topic) == (50, 450)
    one = replace(OPTIONS, orders=1)
    assert (one.orders_by_fix, one.orders_by_topic) == (1, 0)
    none_by_fix = replace(OPTIONS, fix=0.0)
    assert (none_by_fix.orders_by_fix, none_by_fix.orders_by_topic) == (0, 500)
    endless = replace(OPTIONS, orders=None, rate=20.0)
    assert (endless.orders_by_fix, endless.orders_by_topic) == (None, None)
    assert (endless.rate_of(endless.fix), OPTIONS.rate_of(10)) == (2, None)
