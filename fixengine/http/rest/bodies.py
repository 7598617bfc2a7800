"""Bodies of requests: a JSON object, with the fields that it may have."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import falcon

from fixengine.errors import MalformedError
from fixengine.http.rest.problems import ParameterError
from fixengine.wire.numbers import as_json, shown

_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyField:
    """One field: its name, the field that it sets, how it is read, and its JSON Schema.

    `read` raises MalformedError with the remedy.
    """

    name: str
    field: str
    read: Callable[[object], object]
    schema: Mapping[str, object]


def read_body(req: falcon.Request, known: Sequence[BodyField]) -> dict[str, Any]:
    """Return the fields that a body sets: one at the least where it may set any.

    Raises MalformedError for the first mistake, and HTTPUnsupportedMediaType.
    """
    by_name = {each.name: each for each in known}
    given = _given(req)
    for name in given:
        if name not in by_name:
            there = f"there are {', '.join(by_name)}" if known else "there are none here"
            raise ParameterError(_said(name), f"{_said(name)} is not a field: {there}")
    if known and not given:
        raise MalformedError(f"the body says nothing: give {' or '.join(by_name)}, or both")
    return {by_name[name].field: _value(by_name[name], value) for name, value in given.items()}


def _given(req: falcon.Request) -> dict[str, object]:
    body = req.bounded_stream.read()
    if not body:
        return {}
    if req.get_header("Content-Encoding") or not _says_json(req.content_type or ""):
        raise falcon.HTTPUnsupportedMediaType(
            description=f"a body is JSON in UTF-8: send Content-Type: {_JSON}, and do not compress"
        )
    return _object(body)


def _says_json(content_type: str) -> bool:
    kind, _, parameter = content_type.lower().replace(" ", "").replace('"', "").partition(";")
    return kind == _JSON and parameter in {"", "charset=utf-8"}


def _object(body: bytes) -> dict[str, object]:
    try:
        given = json.loads(
            body.decode(),
            object_pairs_hook=_once,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise MalformedError("the body is not UTF-8: send JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"the body is not JSON, see line {error.lineno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise MalformedError(
            "the body is nested too deep: send an object of plain values"
        ) from error
    except InvalidOperation as error:
        raise MalformedError("a number has an exponent of more than 18 digits") from error
    if not isinstance(given, dict):
        raise MalformedError(f"the body is {as_json(given)}: it must be an object")
    return given


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise ParameterError(_said(name), f"{_said(name)} is given twice: give it once")
        fields[name] = value
    return fields


def _said(name: str) -> str:
    return name if re.fullmatch(r"\w{1,50}", name, re.ASCII) else shown(name)


def _no_number(word: str) -> object:
    raise MalformedError(f"the body is not JSON: {word} is no number there")


def _value(field: BodyField, value: object) -> object:
    try:
        return field.read(value)
    except MalformedError as error:
        raise ParameterError(field.name, str(error)) from error
