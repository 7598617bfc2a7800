"""What is seen of engines, and how it is shown."""

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from rich.console import Console

from fixengine.errors import UnavailableError
from fixengine.top.looks import Observer, Seen
from fixengine.top.view import PlainView, picture
from tests.support.commands import parse_words, run_command
from tests.support.network.serving import serving

LOOK = Seen(
    counts={"WORK": 3, "PART": 4, "FULL": 5, "CNCLD": 6, "CPART": 7},
    fills_per_second=2.4,
    due=1,
    unpublished=0,
    lag=None,
    latest=(
        {"id": 9, "tradeType": "BUY", "ticker": "BRK.B", "executionStatus": "FULL"},
        {"id": 8, "quantity": 100, "quantityFilled": 20, "averagePrice": 43.25},
    ),
    engines=(
        (
            "engine-1",
            {"ready": True, "actors": [{"name": "intake", "state": "running", "restarts": 2}, {}]},
        ),
        ("engine-2", {}),
        (
            "engine-3",
            {"ready": False, "parts": {"broker": {"up": False}, "database": {"up": True}}},
        ),
    ),
)


class Rest:
    """A server that answers what it is told to, 500 to the rest."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.get(self.path, (500, None))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def rest() -> Iterator[Rest]:
    rest = Rest()
    with serving(rest.server):
        yield rest


def test_a_look_is_what_rest_says_and_the_last_word_of_what_does_not_answer(rest: Rest) -> None:
    filled = [{"id": n, "lastFilledTimestamp": n % 7} for n in range(20)]
    rest.answers["/api/v1/summary"] = (200, {"countByStatus": {"FULL": 20}, "lag": 3})
    rest.answers["/api/v1/executions?limit=200"] = (200, [*filled, {"id": 99}])
    rest.answers["/readyz"] = (503, {"ready": False})
    observer = Observer({"one": rest.url, "gone": "http://127.0.0.1:1"})
    look = observer.look()
    assert (look.executions, look.lag, look.due) == (20, 3, None)
    assert [one["id"] for one in look.latest] == [6, 13, 5, 12, 19, 4, 11, 18]
    assert look.engines == (("one", {"ready": False}), ("gone", {}))
    rest.answers.clear()
    look = observer.look()
    observer.close()
    assert (look.executions, len(look.latest)) == (20, 8)
    assert look.engines == (("one", {}), ("gone", {}))


def test_the_picture_shows_counts_fills_actors_and_the_address() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(picture(LOOK, "fixengine demo", "http://127.0.0.1:1"))
    shown = captured.get()
    for part in (
        "fixengine demo",
        "BRK.B",
        "intake",
        "actors of engine-2",
        "no answer",
        "engine-3 is not ready: broker",
        "http://127.0.0.1:1",
    ):
        assert part in shown


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        view = PlainView(console)
        for _ in range(5):
            view.show(LOOK)
    line = (
        "? waiting on the topic, 25 executions, 3 open, 4 partly filled, 5 full, 6 cancelled, "
        "7 cut short, 2 fills/s, 1 due, 0 to publish\n"
    )
    assert captured.get() == line * 2


def test_top_looks_as_often_as_it_is_told(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    rest.answers["/readyz"] = (200, {"ready": True})
    rest.answers["/api/v1/summary"] = (200, {"countByStatus": {"FULL": 7}})
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    assert run_command("top", f"{rest.url}/", "--looks=5", "--every=0.01") == 0
    heading, *lines = out.getvalue().splitlines()
    assert heading == f"REST at {rest.url}"
    assert len(lines) == 2
    assert "7 executions" in lines[0]


def test_top_without_an_engine_says_so() -> None:
    with pytest.raises(UnavailableError, match="no engine answers"):
        run_command("top", "http://127.0.0.1:1")


@pytest.mark.parametrize("address", ["http://me:hunter2@localhost:8085", "localhost:8085"])
def test_an_address_that_cannot_be_used_is_refused_without_quoting_it(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_words("top", address)
    said = capsys.readouterr().err
    assert "give http://host:port" in said
    assert "hunter2" not in said
