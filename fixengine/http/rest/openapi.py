"""The OpenAPI document, made of what the resources say and of the types that encode answers."""

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

import falcon
import msgspec

from fixengine import __version__
from fixengine.http.rest.answers import Problem
from fixengine.http.rest.operations import Operation
from fixengine.http.rest.parameters import ID, SESSION, Parameter
from fixengine.http.rest.problems import MEDIA_TYPE

_REFERENCE = "#/components/schemas/{name}"
_IN_PATH = (ID, SESSION)
_LINK = {
    "description": 'The next page, rel="next", unless this is the last.',
    "schema": {"type": "string"},
}
_ETAG = {
    "description": "The execution's version in quotes, for If-Match.",
    "schema": {"type": "string"},
}
_CHALLENGE = {"description": "Asks for a bearer token.", "schema": {"type": "string"}}
_OPERATOR = "operator"
_TOKEN = {"type": "http", "scheme": "bearer", "description": "The engine's OPERATOR_TOKEN."}
_RETRY_AFTER = {
    "description": "Seconds after which to try again.",
    "schema": {"type": "integer"},
}


class OpenApi:
    """The document, made when it is first asked for. `operations` are by path."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the document."""
        resp.data = self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return msgspec.json.encode(document(self._operations))


def document(operations: Mapping[str, Operation]) -> dict[str, Any]:
    """Return the OpenAPI document of these operations, by path."""
    types = [Problem, *(operation.answer for operation in operations.values())]
    (problem, *schemas), components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fixengine",
            "version": __version__,
            "description": "Executions of a trading suite, and how the engines fill them.",
        },
        # beside the document, wherever a gateway puts that
        "servers": [{"url": "."}],
        "paths": {
            path: {operation.method.lower(): _operation(path, operation, schema, problem)}
            for (path, operation), schema in zip(operations.items(), schemas, strict=True)
        },
        "components": {"schemas": components, "securitySchemes": {_OPERATOR: _TOKEN}},
    }


def _operation(path: str, operation: Operation, schema: Any, problem: Any) -> dict[str, Any]:
    in_path = [_parameter(each, "path") for each in _IN_PATH if f"{{{each.name}}}" in path]
    answers = {
        str(status): _response(status, operation.media_type, schema)
        for status in (200, *operation.alike)
    }
    headers = {"Link": _LINK} if operation.paged else {"ETag": _ETAG} if operation.tagged else {}
    if headers:
        answers["200"]["headers"] = headers
    return {
        "summary": operation.summary,
        "parameters": in_path
        + [_parameter(each, "query") for each in operation.query]
        + [_parameter(each, "header") for each in operation.headers],
        **(_writing(operation) if operation.writes else {}),
        "responses": {
            **answers,
            **{str(status): _problem(status, problem) for status in operation.errors},
        },
    }


def _writing(operation: Operation) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: field.schema for field in operation.body},
        "additionalProperties": False,
    }
    if operation.body:
        body["minProperties"] = 1
    return {
        "security": [{_OPERATOR: []}],
        "requestBody": {
            "required": bool(operation.body),
            "content": {"application/json": {"schema": body}},
        },
    }


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": place,
        "required": place == "path",
        "description": parameter.meaning,
        "schema": parameter.kind.schema,
    }


def _problem(status: int, schema: Any) -> dict[str, Any]:
    problem = _response(status, MEDIA_TYPE, schema)
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        problem["headers"] = {"Retry-After": _RETRY_AFTER}
    if status == HTTPStatus.UNAUTHORIZED:
        problem["headers"] = {"WWW-Authenticate": _CHALLENGE}
    return problem


def _response(status: int, media_type: str, schema: Any) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {media_type: {"schema": schema}}}
