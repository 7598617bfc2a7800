"""Calls that are made for something traced have spans in its trace."""

import pytest

from fixengine.telemetry.calls import Place, at, call, current_place
from fixengine.telemetry.spans import By, Context, Kind, Span

HERE = Context(trace_id=bytes(range(16)), span_id=bytes(range(8)), sampled=True)


def test_calls_belong_where_the_innermost_block_says() -> None:
    outer, inner = (Place(context=HERE, export=print) for _ in range(2))
    assert current_place() is None
    with at(outer):
        with at(inner):
            assert current_place() is inner
        assert current_place() is outer
    assert current_place() is None


def test_a_call_is_a_span_below_its_place_with_what_was_found_out_meanwhile() -> None:
    made: list[Span] = []
    place = Place(context=HERE, export=made.append)
    with call(place, By.URLLIB3, "GET", {"http.method": "GET"}) as under_way:
        assert made == []
        under_way.attributes["http.status_code"] = 404
        under_way.error = ""
    (span,) = made
    assert (span.by, span.name, span.kind) == (By.URLLIB3, "GET", Kind.CLIENT)
    assert (span.parent, span.context) == (HERE, under_way.context)
    assert span.context.trace_id == HERE.trace_id
    assert span.context.span_id != HERE.span_id
    assert span.attributes == {"http.method": "GET", "http.status_code": 404}
    assert (span.error, span.thrown) == ("", None)
    assert 0 < span.began <= span.ended


@pytest.mark.parametrize("kind", [ValueError, UnicodeError])
def test_a_call_that_fails_says_how(kind: type[Exception]) -> None:
    made: list[Span] = []
    place = Place(context=HERE, export=made.append)
    with pytest.raises(kind), call(place, By.PSYCOPG, "x", {}):
        raise kind("no")
    (span,) = made
    assert span.error == f"{kind.__name__}: no"
    assert span.thrown is not None
    assert (span.thrown.kind, span.thrown.words) == (kind.__name__, "no")
    assert span.thrown.stack.endswith(f"{kind.__name__}: no\n")
    assert span.began <= span.thrown.at <= span.ended


def test_an_error_of_a_library_has_its_module() -> None:
    made: list[Span] = []

    class OwnError(Exception):
        """An error."""

    with (
        pytest.raises(OwnError),
        call(Place(context=HERE, export=made.append), By.PSYCOPG, "x", {}),
    ):
        raise OwnError
    assert made[0].thrown is not None
    assert made[0].thrown.kind == f"{__name__}.{OwnError.__qualname__}"
