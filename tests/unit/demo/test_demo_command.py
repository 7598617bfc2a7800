"""The demo's options, and what it shows, without anything running."""

import argparse
from dataclasses import replace

import pytest
from rich.console import Console

from fixengine.demo import run
from fixengine.demo.options import BrokerKind, DemoOptions
from fixengine.demo.progress import Progress
from fixengine.demo.view import PlainView, picture

OPTIONS = DemoOptions(
    orders=500,
    rate=None,
    speed=100.0,
    exits=True,
    engines=1,
    broker=BrokerKind.EMBEDDED,
    seed=1,
    keep=None,
)
PROGRESS = Progress(
    sent=12,
    waiting=3,
    partly=4,
    full=5,
    fills=21,
    unpublished=0,
    fills_per_second=2.5,
    latest=(
        {"id": 9, "tradeType": "BUY", "ticker": "BRK.B", "executionStatus": "FULL"},
        {"id": 8, "quantity": 100, "quantityFilled": 20, "averagePrice": 43.25},
    ),
    engines=(
        ("engine-1", {"actors": [{"name": "intake", "state": "running", "restarts": 2}, {}]}),
        ("engine-2", {}),
    ),
)


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    run.add_arguments(parser)
    return parser.parse_args(arguments)


def test_nothing_needs_to_be_chosen() -> None:
    arguments = parsed()
    assert (arguments.orders, arguments.exit, arguments.engines) == (None, False, 1)
    assert arguments.broker == "embedded"


@pytest.mark.parametrize(
    "option", ["--orders=0", "--orders=-1", "--rate=0", "--speed=nan", "--engines=x", "--broker=x"]
)
def test_an_option_out_of_range_is_refused(option: str) -> None:
    with pytest.raises(argparse.ArgumentError):
        parsed(option)


def test_an_end_needs_a_number_of_orders(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.run(parsed("--exit")) == 2
    assert capsys.readouterr().err == (
        "fixengine demo: --exit needs --orders: without end nothing ends\n"
    )


def test_a_missing_extra_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_EXTRA", ("rich", "not_installed_anywhere"))
    assert run.run(parsed()) == 2
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


def test_the_picture_shows_counts_fills_actors_and_the_address() -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(picture(PROGRESS, "http://127.0.0.1:1/api/v1/executions"))
    shown = captured.get()
    for part in ("BRK.B", "intake", "actors of engine-2", "no answer", "2.5", "api/v1/executions"):
        assert part in shown


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        view = PlainView(console)
        for _ in range(5):
            view.show(PROGRESS)
    line = "12 orders sent, 3 open, 4 partly filled, 5 full, 2 fills/s\n"
    assert captured.get() == line * 2
