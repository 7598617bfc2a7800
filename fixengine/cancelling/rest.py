"""REST's executions and its requests to change them, as a client that operators use asks."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum, auto
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin

import msgspec
import urllib3

from fixengine.errors import ConflictError, UnavailableError

_ANSWERED_WITHIN = 8.0  # seconds; the engine decides in three
_CONNECTED_WITHIN = 3.0
_PAGE = 1000
_T = TypeVar("_T")
_encoder = msgspec.json.Encoder(decimal_format="number")


class Execution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a client needs to know of an execution."""

    id: int
    is_open: bool
    execution_status: str
    trade_type: str
    ticker: str
    quantity: Decimal
    quantity_filled: Decimal

    def __str__(self) -> str:
        status, filled, ordered = self.execution_status, self.quantity_filled, self.quantity
        return f"{status}, {filled:f} of {ordered:f} {self.ticker} filled"


class Outcome(Enum):
    """What came of a request to change an execution."""

    DONE = auto()
    REFUSED = auto()
    UNKNOWN = auto()
    """Nobody knows: the same request with the same key tells, and does nothing twice."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, with the execution as REST told it, and the reason where it is not done."""

    outcome: Outcome
    execution: Execution | None = None
    said: str = ""


class _Problem(msgspec.Struct):
    detail: str = ""
    execution: Execution | None = None


class OperatorRest:
    """Asks an engine by its address, such as http://localhost:8085. For use from any thread."""

    def __init__(self, address: str, *, token: str | None, at_once: int = 1) -> None:
        """Take the operators' token, and how many threads ask at the same time."""
        self._address = address
        self._token = token
        self._pool = urllib3.PoolManager(
            maxsize=at_once,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECTED_WITHIN, read=_ANSWERED_WITHIN),
        )

    def executions(self, filters: Sequence[tuple[str, str]]) -> Iterator[Execution]:
        """Yield all executions that pass REST's filters, highest id first.

        REST refuses a filter that is given twice.

        Raises ConflictError for filters that REST refuses, UnavailableError without an answer.
        """
        query = urlencode([*filters, ("limit", _PAGE)])
        url: str | None = f"{self._address}/api/v1/executions?{query}"
        while url is not None:
            answer = self._ask("GET", url)
            if answer.status == 400:
                raise ConflictError(_problem(answer).detail)
            yield from _decoded(_good(answer), list[Execution])
            url = _next(url, answer.headers.get("Link", ""))

    def execution(self, execution_id: int) -> Execution | None:
        """Return an execution; None if there is none of this id. Raises UnavailableError."""
        answer = self._ask("GET", f"{self._address}/api/v1/execution/{execution_id}")
        return None if answer.status == 404 else _decoded(_good(answer), Execution)

    def cancel(self, execution_id: int, *, key: str) -> Answer:
        """Ask for a cancel; raises ConflictError if no request of this client can succeed."""
        return self._change(execution_id, "cancel", {}, key)

    def replace(self, execution_id: int, terms: Mapping[str, object], *, key: str) -> Answer:
        """Ask for other terms, by REST's names; raises as `cancel` does."""
        return self._change(execution_id, "replace", terms, key)

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._pool.clear()

    def _change(
        self, execution_id: int, kind: str, terms: Mapping[str, object], key: str
    ) -> Answer:
        try:
            answer = self._ask(
                "POST",
                f"{self._address}/api/v1/execution/{execution_id}/{kind}",
                headers={
                    "Authorization": f"Bearer {self._token or ''}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
                body=_encoder.encode(terms),
            )
        except UnavailableError as error:
            return Answer(outcome=Outcome.UNKNOWN, said=str(error))
        if answer.status == 200:
            return Answer(outcome=Outcome.DONE, execution=_decoded(answer, Execution))
        problem = _problem(answer)
        said = problem.detail or f"the engine answers {answer.status}"
        if answer.status in {401, 403}:
            raise ConflictError(said)
        unknown = answer.status == 429 or answer.status >= 500
        return Answer(
            outcome=Outcome.UNKNOWN if unknown else Outcome.REFUSED,
            execution=problem.execution,
            said=said,
        )

    def _ask(self, method: str, url: str, **more: Any) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(method, url, **more)
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(f"no engine answers at {self._address}") from error


def _good(answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
    if answer.status == 200:
        return answer
    said = _problem(answer).detail or f"it answers {answer.status}"
    raise UnavailableError(f"the engine can't tell of executions now: {said}")


def _decoded(answer: urllib3.BaseHTTPResponse, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(answer.data, type=kind)
    except msgspec.DecodeError as error:
        raise UnavailableError(f"this is no answer of an engine's REST: {error}") from error


def _problem(answer: urllib3.BaseHTTPResponse) -> _Problem:
    try:
        return msgspec.json.decode(answer.data, type=_Problem)
    except msgspec.DecodeError:  # a gateway's own words
        return _Problem()


def _next(url: str, link: str) -> str | None:
    address, _, rest = link.removeprefix("<").partition(">")
    return urljoin(url, address) if 'rel="next"' in rest else None
