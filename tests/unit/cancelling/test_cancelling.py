"""Many executions are cancelled, each once, and what came of each is known."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any

import pytest

from fixengine.cancelling.cancelling import AT_ONCE, KEY, cancel_all
from fixengine.cancelling.rest import Answer, OperatorRest, Outcome
from fixengine.errors import ConflictError, UnavailableError
from tests.support.commands import parse_words, run_command
from tests.support.network.serving import serving

TOKEN = "a-token-for-operators"
EXECUTIONS = 250
PAGE = 100


def execution(number: int, status: str = "CPART") -> dict[str, Any]:
    return {
        "id": number,
        "isOpen": status in {"WORK", "PART"},
        "executionStatus": status,
        "tradeType": "BUY",
        "ticker": "IBM",
        "quantity": 100.5,
        "quantityFilled": 40,
        "destination": "ML",
    }


class Rest:
    """A server that answers as REST does; each cancel may be given several answers in turn."""

    def __init__(self) -> None:
        self.answers: dict[int, list[tuple[int, Any]]] = {}
        self.default: tuple[int, Any] | None = None
        self.asked: list[tuple[int, str, str]] = []
        self.paths: list[str] = []
        self.after: tuple[int, Event] | None = None
        self._lock = Lock()
        rest = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self.reply(*rest.listed(self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                number = int(self.path.split("/")[-2])
                said = (number, self.headers["Authorization"], self.headers["Idempotency-Key"])
                self.reply(*rest.changed(number, said))

            def reply(self, status: int, body: Any, link: str = "") -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if link:
                    self.send_header("Link", link)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def listed(self, path: str) -> tuple[int, Any, str]:
        self.paths.append(path)
        if path.startswith("/api/v1/execution/"):
            number = int(path.rpartition("/")[2])
            known = {1: execution(1, "PART"), 2: execution(2, "FULL")}
            return (200, known[number], "") if number in known else (404, {}, "")
        if "wrong" in path:
            return 400, {"detail": "wrong is not a parameter"}, ""
        before = int(path.partition("before=")[2] or EXECUTIONS + 1)
        page = [execution(n, "PART") for n in range(before - 1, max(before - 1 - PAGE, 0), -1)]
        more = page[-1]["id"] > 1
        return 200, page, f'<?limit={PAGE}&before={page[-1]["id"]}>; rel="next"' if more else ""

    def changed(self, number: int, said: tuple[int, str, str]) -> tuple[int, Any]:
        with self._lock:
            self.asked.append(said)
            if self.after is not None and len(self.asked) == self.after[0]:
                self.after[1].set()
            answers = self.answers.get(number, [])
            return answers.pop(0) if answers else self.default or (200, execution(number))


@pytest.fixture
def rest() -> Iterator[Rest]:
    rest = Rest()
    with serving(rest.server):
        yield rest


def cancel(rest: Rest, *words: str, token: str | None = TOKEN) -> int:
    variables = {} if token is None else {"OPERATOR_TOKEN": token}
    return run_command("cancel", *words, f"--address={rest.url}", variables=variables)


def test_each_is_cancelled_once_and_said(rest: Rest, capsys: pytest.CaptureFixture[str]) -> None:
    assert cancel(rest, "3", "1", "2", "1") == 0
    assert sorted(rest.asked) == [(n, f"Bearer {TOKEN}", KEY) for n in (1, 2, 3)]
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "cancelling 3",
        *(f"{n} cancelled: CPART, 40 of 100.5 IBM filled" for n in (3, 1, 2)),
        "3 cancelled",
    ]


def test_all_pages_of_the_executions_that_pass_the_filters_are_cancelled(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cancel(rest, "--filter", "ticker=A B", "tradeType=BUY") == 0
    assert sorted(number for number, *_ in rest.asked) == [*range(1, EXECUTIONS + 1)]
    assert "ticker=A+B&tradeType=BUY&isOpen=true&limit=1000" in rest.paths[0]
    assert capsys.readouterr().out.endswith(f"\n{EXECUTIONS} cancelled\n")


def test_isopen_takes_all_and_is_asked_for_once(rest: Rest) -> None:
    assert cancel(rest, "--filter", "isOpen=true", "--dry-run") == 0
    assert "?isOpen=true&limit=1000" in rest.paths[0]


def test_no_filter_is_passed_over_wherever_it_is_given(rest: Rest) -> None:
    words = ("--filter", "ticker=IBM", "--dry-run", "--filter", "destination=ML", "ticker=A")
    assert cancel(rest, *words) == 0
    assert "?ticker=IBM&destination=ML&ticker=A&isOpen=true" in rest.paths[0]


def test_a_dry_run_tells_what_would_become_of_each_and_needs_no_token(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cancel(rest, "1", "2", "1", "--dry-run", token=None) == 0
    assert cancel(rest, "9", "--dry-run", token=None) == 1
    assert cancel(rest, "--filter", "status=PART", "--dry-run", token=None) == 0
    assert rest.asked == []
    said = capsys.readouterr().out
    assert "1 cancelled: PART, 40 of 100.5 IBM filled\n" in said
    assert "2 closed before: FULL, 40 of 100.5 IBM filled\n" in said
    assert "9 not cancelled: there is no such execution\n" in said
    assert said.endswith(f"{EXECUTIONS} cancelled\n")


def test_one_that_was_closed_before_is_closed_and_one_that_is_missing_is_not(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    late = {"detail": "too late", "execution": execution(1, "FULL")}
    rest.answers[1] = [(409, late), (409, late)]
    assert cancel(rest, "1", "2") == 0
    assert "1 closed before: FULL" in capsys.readouterr().out
    rest.answers[3] = [(404, {"detail": "there is no execution with id 3"})]
    assert cancel(rest, "1", "3") == 1
    assert "3 not cancelled: there is no execution with id 3\n" in capsys.readouterr().out


def test_what_has_no_outcome_is_asked_again_with_the_same_key(rest: Rest) -> None:
    rest.answers[1] = [(503, {"detail": "nobody knows"}), (502, "a gateway's")]
    assert cancel(rest, "1") == 0
    assert [key for *_, key in rest.asked] == [KEY] * 3


def test_what_never_has_an_outcome_is_said(rest: Rest, capsys: pytest.CaptureFixture[str]) -> None:
    rest.default = (503, {"detail": "nobody knows"})
    assert cancel(rest, "1", "--within=0.01") == 1
    assert "1 not known: nobody knows: cancel it again" in capsys.readouterr().out


@pytest.mark.parametrize("status", [401, 403])
def test_without_the_right_the_first_answer_ends_it(rest: Rest, status: int) -> None:
    rest.default = (status, {"detail": "set OPERATOR_TOKEN"})
    with pytest.raises(ConflictError, match="set OPERATOR_TOKEN"):
        cancel(rest, "--filter", "ticker=IBM")
    assert len(rest.asked) <= AT_ONCE


def test_a_right_that_ends_half_way_ends_it_and_each_is_accounted_for(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = (401, {"detail": "this is not the engine's OPERATOR_TOKEN: send that"})
    rest.answers = {number: [changed] for number in range(11, 101)}
    rest.answers[10] = [(503, {"detail": "nobody knows"}), changed]
    with pytest.raises(ConflictError, match="send that"):
        cancel(rest, *map(str, range(1, 101)))
    *each, counts, ended = capsys.readouterr().out.splitlines()[1:]
    fates = [line.partition(":")[0] for line in each]
    assert fates[:9] == [f"{number} cancelled" for number in range(1, 10)]
    asked = sorted({number for number, *_ in rest.asked})
    assert fates[9:] == ["10 not known", *(f"{number} not cancelled" for number in asked[10:])]
    assert len(asked) < 10 + AT_ONCE
    assert counts.startswith("9 cancelled, 1 not known, ")
    assert ended.startswith(f"ended early, {100 - len(asked)} not asked for: give the same command")


def test_what_was_not_known_before_the_right_ended_is_not_known_after_it(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    rest.answers[1] = [(503, {"detail": "nobody knows"}), (403, {"detail": "it is off"})]
    with pytest.raises(ConflictError, match="it is off"):
        cancel(rest, "1")
    assert "1 not known: it is off" in capsys.readouterr().out


def test_without_a_token_nothing_is_asked_for(rest: Rest) -> None:
    with pytest.raises(ConflictError, match="OPERATOR_TOKEN"):
        cancel(rest, "1", token=None)
    assert rest.asked == []


def test_a_filter_that_rest_refuses_is_told_in_its_words(rest: Rest) -> None:
    with pytest.raises(ConflictError, match="wrong is not a parameter"):
        cancel(rest, "--filter", "wrong=1")


def test_without_an_engine_it_says_so() -> None:
    address = "--address=http://127.0.0.1:1"
    variables = {"OPERATOR_TOKEN": TOKEN}
    with pytest.raises(UnavailableError, match="no engine answers"):
        run_command("cancel", "--filter", "ticker=IBM", address, variables=variables)
    assert run_command("cancel", "1", address, "--within=0.01", variables=variables) == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--filter"],
        ["--filter", "limit=3"],
        ["--filter", "before=3"],
        ["--filter", "ticker"],
        ["--filter", "isOpen=false"],
        ["0"],
        ["x"],
        ["1", "--filter", "ticker=IBM"],
        ["1", "--within=0"],
        ["1", "--address=localhost"],
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse_words("cancel", *words)


def test_when_it_is_over_no_request_is_begun_and_those_under_way_are_counted(rest: Rest) -> None:
    over = Event()
    rest.after = (10, over)
    client = OperatorRest(rest.url, token=TOKEN, at_once=AT_ONCE)
    shown: list[int] = []
    results = cancel_all(client, range(1, 101), within=60, over=over, show=shown.append)
    client.close()
    assert 10 <= len(results) == len(rest.asked) < 10 + AT_ONCE
    assert shown == [*range(1, len(results) + 1)]


def test_the_wait_for_an_outcome_ends_when_it_is_over() -> None:
    over = Event()

    class Silent:
        def cancel(self, execution_id: int, *, key: str) -> Answer:
            over.set()
            return Answer(outcome=Outcome.UNKNOWN, said=f"{execution_id} {key}")

    (result,) = cancel_all(Silent(), [7], within=1e9, over=over, show=lambda _: None)
    assert str(result).startswith("7 not known: 7 fixengine-cancel")
