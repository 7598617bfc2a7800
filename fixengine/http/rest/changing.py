"""Cancel and replace: what operators ask for, and what they are told of it."""

from http import HTTPStatus

import falcon
from loguru import logger

from fixengine.errors import MalformedError, RejectedError, SchemaError, UnavailableError
from fixengine.http.rest.bodies import BodyField, read_body
from fixengine.http.rest.operations import Operation
from fixengine.http.rest.operators import Operators
from fixengine.http.rest.parameters import ID, OF_CHANGES, read_headers, read_query
from fixengine.http.rest.problems import RETRY_AFTER, RefusedError, no_execution
from fixengine.ports.desk import ChangeDesk
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal
from fixengine.rules.decimals import COLUMN_LIMIT, STEP, plain
from fixengine.rules.values import ChangeKind, Execution
from fixengine.telemetry.spans import TRACEPARENT
from fixengine.wire import executions as wire
from fixengine.wire import numbers
from fixengine.wire.executions import encode_execution
from fixengine.wire.letter_reasons import Reason

_ERRORS = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503)
_BELOW = int(COLUMN_LIMIT)


def _quantity(value: object) -> object:
    given = numbers.number("quantity", value)
    if given is None:
        raise MalformedError(Reason.NOT_A_NUMBER.format(field="quantity", value="null"))
    return numbers.quantity(given)


def _limit_price(value: object) -> object:
    return numbers.limit_price(numbers.number("limitPrice", value))


_TERMS = (
    BodyField(
        name="quantity",
        field="quantity",
        read=_quantity,
        schema={
            "type": "number",
            "description": "With what is filled already; 8 decimal places at the most.",
            "minimum": float(STEP),
            "exclusiveMaximum": _BELOW,
        },
    ),
    BodyField(
        name="limitPrice",
        field="limit_price",
        read=_limit_price,
        schema={
            "type": ["number", "null"],
            "description": "null: no limit; 8 decimal places at the most.",
            "minimum": 0,
            "exclusiveMaximum": _BELOW,
        },
    ),
)


class _Changing:
    """One kind of change."""

    operation: Operation
    kind: ChangeKind

    def __init__(self, desk: ChangeDesk, operators: Operators) -> None:
        self._desk = desk
        self._operators = operators

    def on_post(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        id: str,  # noqa: A002 - the route's template is a metric's label, and says {id}
    ) -> None:
        """Answer with the execution after it; raises what tells the client why it is not done."""
        self._operators.admit(req)
        read_query(req.params, ())
        request = ChangeRequest(
            execution_id=ID.read(id),
            kind=self.kind,
            traceparent=req.get_header(TRACEPARENT),
            **read_headers(req.get_header, OF_CHANGES),
            **read_body(req, self.operation.body),
        )
        decision = self._decided(request)
        if decision.execution is None:
            raise no_execution(request.execution_id)
        if decision.refusal is not None:
            raise _refused(decision.refusal, decision.execution, request)
        resp.etag = str(decision.execution.version)
        resp.data = encode_execution(decision.execution)

    def _decided(self, request: ChangeRequest) -> ChangeDecision:
        try:
            return self._desk.change(request)
        except (RejectedError, SchemaError) as error:
            raise falcon.HTTPConflict(
                description=f"{error}; this request changed nothing: mend that, then ask again"
            ) from error
        except UnavailableError as error:
            logger.bind(execution=request.execution_id, reason=str(error)).debug(
                "request not decided"
            )
            remedy = (
                "look at the execution before you ask again, and give an Idempotency-Key next time"
                if request.key is None
                else "ask again with the same Idempotency-Key"
            )
            raise falcon.HTTPServiceUnavailable(
                description=f"nobody knows yet whether this was done: {remedy}",
                retry_after=RETRY_AFTER,
            ) from error


class ExecutionCancel(_Changing):
    """Ends an execution: what is not filled stays so."""

    operation = Operation(
        method="POST",
        summary="Cancel what is not filled of an execution",
        answer=wire.Execution,
        headers=OF_CHANGES,
        errors=_ERRORS,
        tagged=True,
    )
    kind = ChangeKind.CANCEL


class ExecutionReplace(_Changing):
    """Sets another quantity or another limit price."""

    operation = Operation(
        method="POST",
        summary="Replace quantity and limit price of an open execution",
        answer=wire.Execution,
        headers=OF_CHANGES,
        body=_TERMS,
        errors=_ERRORS,
        tagged=True,
    )
    kind = ChangeKind.REPLACE


def _refused(why: Refusal, execution: Execution, request: ChangeRequest) -> RefusedError:
    filled = plain(execution.quantity_filled)
    match why:
        case Refusal.MOVED_ON:
            return RefusedError(
                HTTPStatus.PRECONDITION_FAILED,
                f"the execution has version {execution.version} by now, not {request.version}: "
                "look at it, and ask again with its ETag if you still want this",
                execution,
            )
        case Refusal.KEY_TAKEN:
            return RefusedError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "another request for this execution had this Idempotency-Key: give each a key of "
                "its own, and the same one only to the same request",
                execution,
                parameter="Idempotency-Key",
            )
        case Refusal.FILLED:
            return RefusedError(
                HTTPStatus.CONFLICT,
                f"{filled} is filled already: give a quantity of {filled} or more, or cancel",
                execution,
                parameter="quantity",
            )
        case Refusal.AT_ONCE:
            return RefusedError(
                HTTPStatus.CONFLICT,
                f"its time in force is {execution.time_in_force}: it is filled at once or not at "
                "all, and can't be replaced: cancel it, and order anew",
                execution,
            )
        case Refusal.NO_NUMBER:
            return RefusedError(
                HTTPStatus.CONFLICT,
                "another program left NaN in the execution's row, shown as 0 or no limit, and no "
                "engine can work on it: set its numbers right in the database, then ask again",
                execution,
            )
        case _:
            return RefusedError(
                HTTPStatus.CONFLICT,
                f"the execution is closed as {execution.execution_status}, with {filled} of "
                f"{plain(execution.quantity_ordered)} filled: nothing of it can change any more",
                execution,
            )
