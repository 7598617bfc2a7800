"""Every error a client gets, as problem details (RFC 9457), mapped here and nowhere else."""

from functools import partial
from http import HTTPStatus

import falcon
import msgspec
from loguru import logger
from msgspec import UNSET, UnsetType

from fixengine.errors import FixengineError, MalformedError, SlowQueryError, UnavailableError
from fixengine.http.rest.answers import Problem
from fixengine.recurring import Recurring
from fixengine.rules.values import Execution
from fixengine.wire.executions import as_message

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = 2
"""Seconds after which a client may ask again."""

_DETAILS = {
    404: "there is nothing at this path",
    405: "this path can't be asked that way, see the Allow header",
}


class ParameterError(MalformedError):
    """A request's parameter is unknown or can't be used; the message says the remedy."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class RefusedError(FixengineError):
    """An execution can't change as was asked; the message says why, and the remedy."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        execution: Execution,
        *,
        parameter: str | UnsetType = UNSET,
    ) -> None:
        """Take the execution as it is."""
        super().__init__(message)
        self.status = status
        self.execution = execution
        self.parameter = parameter


def no_execution(execution_id: int) -> falcon.HTTPNotFound:
    """Return the error of an id that no execution has."""
    return falcon.HTTPNotFound(description=f"there is no execution with id {execution_id}")


def add_error_handlers(app: falcon.App[falcon.Request, falcon.Response]) -> None:
    """Let `app` answer every exception with problem details, and log those that are bugs."""
    app.add_error_handler(Exception, partial(_bug, Recurring("ERROR", "request failed")))
    app.add_error_handler(falcon.HTTPError, _http_error)
    app.add_error_handler(MalformedError, _malformed)
    app.add_error_handler(RefusedError, _refused)
    app.add_error_handler(UnavailableError, _unavailable)
    app.add_error_handler(SlowQueryError, _slow)


def _http_error(
    _req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: object
) -> None:
    status = falcon.http_status_to_code(error.status)
    resp.set_headers(error.headers or {})
    _answer(resp, status, error.description or _DETAILS.get(status, error.title))


def _malformed(
    _req: falcon.Request, resp: falcon.Response, error: MalformedError, _params: object
) -> None:
    parameter = error.parameter if isinstance(error, ParameterError) else UNSET
    _answer(resp, 400, str(error), parameter)


def _refused(
    _req: falcon.Request, resp: falcon.Response, error: RefusedError, _params: object
) -> None:
    _answer(resp, error.status, str(error), error.parameter, error.execution)


def _unavailable(
    req: falcon.Request, resp: falcon.Response, error: UnavailableError, _params: object
) -> None:
    logger.bind(path=req.path, reason=str(error)).debug("request not answered")
    resp.set_header("Retry-After", str(RETRY_AFTER))
    _answer(resp, 503, f"the database does not answer now, try again in {RETRY_AFTER} seconds")


def _slow(
    _req: falcon.Request, resp: falcon.Response, _error: SlowQueryError, _params: object
) -> None:
    _answer(
        resp,
        503,
        "this takes the database too long: ask for less, as by executionServiceId,"
        " isOpen=true, peerCompId, a lower limit",
    )


def _bug(
    failures: Recurring,
    req: falcon.Request,
    resp: falcon.Response,
    error: Exception,
    _params: object,
) -> None:
    failures.happened(method=req.method, path=req.path, exception=error)
    _answer(resp, 500, "no answer could be made, the log says why")


def _answer(
    resp: falcon.Response,
    status: int,
    detail: str,
    parameter: str | UnsetType = UNSET,
    execution: Execution | None = None,
) -> None:
    resp.status = status
    resp.content_type = MEDIA_TYPE
    resp.text = None
    resp.data = encode_problem(HTTPStatus(status), detail, parameter, execution)


def encode_problem(
    status: HTTPStatus,
    detail: str,
    parameter: str | UnsetType = UNSET,
    execution: Execution | None = None,
) -> bytes:
    """Return the body of an answer that tells of an error."""
    return msgspec.json.encode(
        Problem(
            title=status.phrase,
            status=status.value,
            detail=detail,
            parameter=parameter,
            execution=UNSET if execution is None else as_message(execution),
        )
    )
