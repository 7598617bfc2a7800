"""REST: cancel and replace, for operators alone."""

import json
from decimal import Decimal
from typing import Any

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from fixengine.errors import RejectedError, SchemaError, UnavailableError
from fixengine.http.app import rest_app
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal
from fixengine.rules.values import ChangeKind, TimeInForce
from fixengine.telemetry.metrics.http import HttpMetrics
from fixengine.wire.executions import encode_execution
from tests.support.executions import execution
from tests.unit.http.conftest import TOKEN, Desk, Overviews, Probes, Reader

CANCEL = "/api/v1/execution/5/cancel"
REPLACE = "/api/v1/execution/5/replace"
BOTH = pytest.mark.parametrize("path", [CANCEL, REPLACE])


def post(
    client: TestClient, path: str, body: str | bytes | None = None, **headers: str | None
) -> Result:
    """Ask as an operator; `headers` are written with underscores, None leaves one out."""
    sent: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", **headers}
    if body is not None:
        sent = {"Content-Type": "application/json", **sent}
    if path.endswith("replace") and body is None:
        body, sent = '{"quantity":200}', {"Content-Type": "application/json", **sent}
    return client.simulate_post(
        path,
        body=body,
        headers={
            name.replace("_", "-"): value for name, value in sent.items() if value is not None
        },
    )


def problem(result: Result, status: int) -> Any:
    assert result.status_code == status, result.text
    assert result.headers["Content-Type"] == "application/problem+json"
    assert result.json["status"] == status
    return result.json


def test_a_cancel_is_answered_with_the_execution_after_it_and_its_tag(
    client: TestClient, desk: Desk
) -> None:
    after = execution(is_open=False, execution_status="CNCLD", version=7)
    desk.decision = ChangeDecision(execution=after)
    result = post(client, CANCEL)
    assert (result.status_code, result.content) == (200, encode_execution(after))
    assert result.headers["Content-Type"] == "application/json"
    assert result.headers["ETag"] == '"7"'
    assert desk.asked == [ChangeRequest(execution_id=5, kind=ChangeKind.CANCEL)]


@pytest.mark.parametrize("body", ["{}", " {\n} ", ""])
def test_a_cancel_may_have_an_empty_object(client: TestClient, desk: Desk, body: str) -> None:
    assert post(client, CANCEL, body).status_code == 200
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("body", "terms"),
    [
        ('{"quantity":200}', {"quantity": Decimal(200)}),
        ('{"quantity":2e2}', {"quantity": Decimal(200)}),
        ('{"quantity":0.00000001}', {"quantity": Decimal("0.00000001")}),
        ('{"limitPrice":44.10}', {"limit_price": Decimal("44.1")}),
        ('{"limitPrice":null}', {"limit_price": None}),
        ('{"limitPrice":0}', {"limit_price": None}),
        ('{"limitPrice":1,"quantity":9}', {"quantity": Decimal(9), "limit_price": Decimal(1)}),
    ],
)
def test_a_replace_asks_for_what_the_body_says_and_for_nothing_else(
    client: TestClient, desk: Desk, body: str, terms: dict[str, Any]
) -> None:
    assert post(client, REPLACE, body).status_code == 200
    assert desk.asked == [ChangeRequest(execution_id=5, kind=ChangeKind.REPLACE, **terms)]


DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize(
    ("body", "parameter", "remedy"),
    [
        ("{}", None, "the body says nothing: give quantity or limitPrice, or both"),
        ("", None, "the body says nothing: give quantity or limitPrice, or both"),
        ("[]", None, "the body is an array: it must be an object"),
        ("null", None, "the body is 'null': it must be an object"),
        ('"quantity"', None, "it must be an object"),
        ("{", None, "the body is not JSON, see line 1"),
        ("{'quantity':1}", None, "the body is not JSON, see line 1"),
        ('{"quantity":1} x', None, "the body is not JSON, see line 1"),
        ('{"quantity":NaN}', None, "NaN is no number there"),
        ('{"limitPrice":-Infinity}', None, "-Infinity is no number there"),
        ('{"quantity":1e9999999999999999999}', None, "an exponent of more than 18 digits"),
        (DEEP, None, "the body is nested too deep"),
        (b'{"quantity":"\xff"}', None, "the body is not UTF-8"),
        ('{"quantity":"200"}', "quantity", "quantity is '\"200\"': it must be a number"),
        ('{"quantity":"\\ud800"}', "quantity", "it must be a number"),
        ('{"quantity":true}', "quantity", "quantity is 'true': it must be a number"),
        ('{"quantity":null}', "quantity", "quantity is null: it must be a number"),
        ('{"quantity":[1]}', "quantity", "quantity is an array: it must be a number"),
        ('{"quantity":0}', "quantity", "quantity is '0': it must be above 0 and below 10000000000"),
        ('{"quantity":-1}', "quantity", "it must be above 0"),
        ('{"quantity":10000000000}', "quantity", "below 10000000000"),
        ('{"quantity":1e400}', "quantity", "below 10000000000"),
        ('{"quantity":0.000000001}', "quantity", "with 8 decimal places at the most"),
        ('{"quantity":' + "9" * 10_000 + "}", "quantity", "below 10000000000"),
        ('{"limitPrice":"1"}', "limitPrice", "limitPrice is '\"1\"': it must be a number"),
        ('{"limitPrice":-1}', "limitPrice", "limitPrice is '-1': it must be absent, null, 0, or"),
        ('{"limitPrice":{}}', "limitPrice", "limitPrice is an object: it must be a number"),
        ('{"quantity":1,"quantity":2}', "quantity", "quantity is given twice: give it once"),
        (
            '{"quantity":1,"price":2}',
            "price",
            "price is not a field: there are quantity, limitPrice",
        ),
        ('{"\\u0000\\ud800":1}', "'\\x00\\ud800'", "is not a field: there are quantity"),
        ('{"Quantity":1}', "Quantity", "Quantity is not a field: there are quantity, limitPrice"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_with_the_field_and_the_remedy(
    client: TestClient, desk: Desk, body: str | bytes, parameter: str | None, remedy: str
) -> None:
    found = problem(post(client, REPLACE, body), 400)
    assert found.get("parameter") == parameter
    assert remedy in found["detail"]
    assert len(found["detail"]) < 250
    assert desk.asked == []


def test_a_cancel_has_no_fields(client: TestClient, desk: Desk) -> None:
    found = problem(post(client, CANCEL, '{"quantity":5}'), 400)
    assert found["detail"] == "quantity is not a field: there are none here"
    assert desk.asked == []


@BOTH
@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "application/json; charset=latin-1"},
        {"Content_Type": "application/jsonx"},
        {"Content_Type": ""},
        {"Content_Encoding": "gzip"},
    ],
)
def test_a_body_is_json_and_says_so(
    client: TestClient, desk: Desk, path: str, headers: dict[str, str | None]
) -> None:
    found = problem(post(client, path, '{"quantity":200}', **headers), 415)
    assert "send Content-Type: application/json" in found["detail"]
    assert desk.asked == []


@pytest.mark.parametrize(
    "kind", ["application/json;charset=utf-8", 'Application/JSON; charset="UTF-8"']
)
def test_json_in_utf_8_may_be_said_in_full(client: TestClient, kind: str) -> None:
    assert post(client, REPLACE, '{"quantity":200}', Content_Type=kind).status_code == 200


@BOTH
def test_a_query_is_refused_rather_than_passed_over(
    client: TestClient, desk: Desk, path: str
) -> None:
    found = problem(post(client, f"{path}?dryRun=true"), 400)
    assert found["detail"] == "dryRun is not a parameter: there are none here"
    assert desk.asked == []


@BOTH
@pytest.mark.parametrize("text", ["0", "-1", "x", "2147483648", "1.0", "%00"])
def test_what_is_no_id_is_refused(client: TestClient, desk: Desk, path: str, text: str) -> None:
    found = problem(post(client, path.replace("/5/", f"/{text}/")), 400)
    assert found["parameter"] == "id"
    assert desk.asked == []


@BOTH
def test_key_and_version_reach_the_desk(client: TestClient, desk: Desk, path: str) -> None:
    for tag, key in (('"41"', "x"), ("41", "y"), ('"-3"', "~!" * 127 + "x"), ("*", "a-b")):
        assert post(client, path, If_Match=tag, Idempotency_Key=key).status_code == 200
    assert [request.version for request in desk.asked] == [41, 41, -3, None]
    assert [len(request.key or "") for request in desk.asked] == [1, 1, 255, 3]


@BOTH
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "x" * 256),
        ("Idempotency-Key", "two words"),
        ("Idempotency-Key", "a, b"),
        ("Idempotency-Key", "\xfc"),
        ("Idempotency-Key", "a\x7f"),
        ("If-Match", ""),
        ("If-Match", "five"),
        ("If-Match", '"five"'),
        ("If-Match", '"5", "6"'),
        ("If-Match", 'W/"5"'),
        ("If-Match", '"5'),
        ("If-Match", '"' + "9" * 5_000 + '"'),
        ("If-Match", '"٣"'),
    ],
)
def test_a_header_that_cannot_be_used_is_named_with_the_remedy(
    client: TestClient, desk: Desk, path: str, name: str, text: str
) -> None:
    found = problem(post(client, path, **{name.replace("-", "_"): text}), 400)
    assert found["parameter"] == name
    assert found["detail"].startswith(f"{name} is ")
    assert ": give " in found["detail"]
    assert desk.asked == []


def test_the_tag_of_one_execution_is_what_if_match_takes(
    client: TestClient, reader: Reader, desk: Desk
) -> None:
    reader.executions = [execution(id=5, version=12)]
    tag = client.simulate_get("/api/v1/execution/5").headers["ETag"]
    assert tag == '"12"'
    assert post(client, CANCEL, If_Match=tag).status_code == 200
    assert desk.asked[0].version == 12


def refused(desk: Desk, refusal: Refusal, **changes: object) -> bytes:
    as_it_is = execution(version=9, **changes)
    desk.decision = ChangeDecision(execution=as_it_is, refusal=refusal)
    return encode_execution(as_it_is)


@BOTH
def test_an_execution_that_does_not_exist_is_not_found(
    client: TestClient, desk: Desk, path: str
) -> None:
    desk.decision = ChangeDecision(execution=None, refusal=Refusal.UNKNOWN)
    found = problem(post(client, path), 404)
    assert found["detail"] == "there is no execution with id 5"
    assert "execution" not in found


@BOTH
def test_too_late_says_how_much_is_filled_and_shows_the_execution(
    client: TestClient, desk: Desk, path: str
) -> None:
    shown = refused(
        desk,
        Refusal.CLOSED,
        is_open=False,
        execution_status="FULL",
        quantity_filled=Decimal("134.00000000"),
        total_amount=Decimal(134),
    )
    result = post(client, path)
    found = problem(result, 409)
    assert "closed as FULL, with 134 of 134 filled" in found["detail"]
    assert found["execution"] == json.loads(shown)
    assert shown in result.content  # to the digit
    assert "ETag" not in result.headers


def test_a_quantity_below_what_is_filled_is_a_conflict_that_says_what_may_be(
    client: TestClient, desk: Desk
) -> None:
    shown = refused(desk, Refusal.FILLED, quantity_filled=Decimal("60.50000000"))
    found = problem(post(client, REPLACE), 409)
    assert "60.5 is filled already: give a quantity of 60.5 or more" in found["detail"]
    assert found["parameter"] == "quantity"
    assert found["execution"] == json.loads(shown)


@BOTH
def test_a_row_that_nobody_can_work_on_says_what_to_mend(
    client: TestClient, desk: Desk, path: str
) -> None:
    shown = refused(desk, Refusal.NO_NUMBER, quantity_ordered=Decimal(0))
    found = problem(post(client, path), 409)
    assert "another program left NaN" in found["detail"]
    assert found["execution"] == json.loads(shown)


def test_what_is_filled_at_once_or_not_at_all_is_not_replaced(
    client: TestClient, desk: Desk
) -> None:
    shown = refused(desk, Refusal.AT_ONCE, time_in_force=TimeInForce.IOC)
    found = problem(post(client, REPLACE), 409)
    assert "its time in force is IOC" in found["detail"]
    assert "cancel it, and order anew" in found["detail"]
    assert found["execution"] == json.loads(shown)


def test_the_place_of_whoever_asks_in_a_trace_is_handed_on(client: TestClient, desk: Desk) -> None:
    asked = f"00-{'a' * 32}-{'b' * 16}-01"
    assert post(client, CANCEL, traceparent=asked).status_code == 200
    assert post(client, CANCEL).status_code == 200
    assert [each.traceparent for each in desk.asked] == [asked, None]


@BOTH
def test_a_version_of_before_is_a_precondition_that_failed(
    client: TestClient, desk: Desk, path: str
) -> None:
    shown = refused(desk, Refusal.MOVED_ON)
    found = problem(post(client, path, If_Match='"8"'), 412)
    assert "version 9 by now, not 8" in found["detail"]
    assert found["execution"] == json.loads(shown)


@BOTH
def test_a_key_of_another_request_is_refused(client: TestClient, desk: Desk, path: str) -> None:
    refused(desk, Refusal.KEY_TAKEN)
    found = problem(post(client, path, Idempotency_Key="k"), 422)
    assert found["parameter"] == "Idempotency-Key"
    assert "give each a key of its own" in found["detail"]


@BOTH
def test_what_nobody_knows_is_to_be_asked_again(client: TestClient, desk: Desk, path: str) -> None:
    desk.failure = UnavailableError("no route to 10.0.0.7")
    result = post(client, path, Idempotency_Key="k")
    assert "ask again with the same Idempotency-Key" in problem(result, 503)["detail"]
    assert result.headers["Retry-After"] == "2"
    assert "10.0.0.7" not in result.text
    without = problem(post(client, path), 503)["detail"]
    assert "look at the execution before you ask again" in without


@BOTH
@pytest.mark.parametrize(
    "failure",
    [
        RejectedError("the database refuses this: no"),
        SchemaError("the engine's role lacks a right"),
    ],
)
def test_what_the_database_refuses_is_known_not_to_be_done(
    client: TestClient, desk: Desk, path: str, failure: Exception
) -> None:
    desk.failure = failure
    found = problem(post(client, path), 409)
    assert found["detail"] == f"{failure}; this request changed nothing: mend that, then ask again"
    assert "execution" not in found


@BOTH
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_a_405(client: TestClient, desk: Desk, path: str, method: str) -> None:
    result = client.simulate_request(method, path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert result.status_code == 405
    assert result.headers["Allow"] == "POST, OPTIONS"
    assert desk.asked == []


@BOTH
def test_pages_of_others_can_neither_ask_nor_read(
    client: TestClient, desk: Desk, path: str
) -> None:
    asked = {"Origin": "http://elsewhere", "Access-Control-Request-Method": "POST"}
    preflight = client.simulate_options(path, headers=asked)
    refused(desk, Refusal.CLOSED)
    answers = [
        preflight,
        client.simulate_post(path, headers=asked),
        client.simulate_get(path, headers=asked),
        post(client, path, Origin="http://elsewhere"),
        post(client, path.replace("/5/", "/0/"), Origin="http://elsewhere"),
    ]
    desk.failure = ZeroDivisionError()
    answers.append(post(client, path, Origin="http://elsewhere"))
    assert [answer.status_code for answer in answers] == [200, 401, 405, 409, 400, 500]
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@BOTH
@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer{TOKEN}",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        "Bearer \xfc\xff",
    ],
)
def test_who_has_not_the_token_is_asked_for_it(
    client: TestClient, desk: Desk, path: str, shown: str | None
) -> None:
    result = post(client, path, Authorization=shown)
    found = problem(result, 401)
    assert result.headers["WWW-Authenticate"].startswith('Bearer realm="fixengine"')
    assert "OPERATOR_TOKEN" in found["detail"]
    assert TOKEN not in result.text
    assert desk.asked == []


@pytest.mark.parametrize("shown", [f"bearer {TOKEN}", f"BEARER   {TOKEN} "])
def test_the_scheme_is_written_as_one_likes(client: TestClient, shown: str) -> None:
    assert post(client, CANCEL, Authorization=shown).status_code == 200


@BOTH
def test_the_token_is_asked_for_before_anything_else_is_looked_at(
    client: TestClient, path: str
) -> None:
    bad = path.replace("/5/", "/x/")
    assert post(client, f"{bad}?a=1", "{", Authorization=None).status_code == 401


@BOTH
@pytest.mark.parametrize("shown", [None, "Bearer None", "Bearer ", f"Bearer {TOKEN}"])
def test_without_a_token_nobody_may_change_anything_and_the_answer_says_how_to_allow_it(
    reader: Reader, overviews: Overviews, probes: Probes, path: str, shown: str | None
) -> None:
    desk, registry = Desk(), CollectorRegistry()
    app = rest_app(
        executions=reader,
        overviews=overviews,
        probes=probes,
        registry=registry,
        metrics=HttpMetrics(registry),
        desk=desk,
        operator_token=None,
    )
    found = problem(post(TestClient(app), path, Authorization=shown), 403)
    assert "set OPERATOR_TOKEN for the engine" in found["detail"]
    assert desk.asked == []
