"""Who may change executions: one token, and little patience with wrong ones."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import falcon
import pytest
from falcon.testing import create_req

from fixengine.attempts import MOST_WRONG, NOT_HEARD_FOR
from fixengine.http.rest.operators import Operators
from fixengine.recurring import end_counts
from tests.support.clocks import Clock
from tests.support.log import heard

TOKEN = "a-token-for-operators"


@pytest.fixture
def operators(clock: Clock) -> Operators:
    return Operators(TOKEN, timer=clock)


def status(operators: Operators, token: str | None, client: str = "10.0.0.1") -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        operators.admit(create_req(headers=headers, remote_addr=client))
    except falcon.HTTPError as error:
        return int(falcon.http_status_to_code(error.status))
    return 200


def exhaust(operators: Operators, client: str = "10.0.0.1") -> None:
    assert {status(operators, "wrong", client) for _ in range(MOST_WRONG)} == {401}


def test_who_guesses_is_not_heard_for_a_while_even_with_the_right_token(
    operators: Operators, clock: Clock
) -> None:
    exhaust(operators)
    with pytest.raises(falcon.HTTPTooManyRequests) as caught:
        operators.admit(
            create_req(headers={"Authorization": f"Bearer {TOKEN}"}, remote_addr="10.0.0.1")
        )
    assert dict(caught.value.headers or {})["Retry-After"] == str(NOT_HEARD_FOR)
    assert f"wait for {NOT_HEARD_FOR} seconds" in (caught.value.description or "")
    clock.now += NOT_HEARD_FOR + 0.1
    assert status(operators, TOKEN) == 200


def test_others_are_heard_all_the_while(operators: Operators) -> None:
    exhaust(operators)
    assert status(operators, TOKEN, "10.0.0.2") == 200


def test_who_is_not_heard_is_heard_in_time_however_often_he_asks(
    operators: Operators, clock: Clock
) -> None:
    exhaust(operators)
    for _ in range(3):
        clock.now += NOT_HEARD_FOR / 4
        assert status(operators, "wrong") == 429
    clock.now += NOT_HEARD_FOR / 4 + 0.1
    assert status(operators, "wrong") == 401


def test_who_shows_no_token_guesses_nothing(operators: Operators) -> None:
    assert {status(operators, None) for _ in range(3 * MOST_WRONG)} == {401}
    assert status(operators, TOKEN) == 200


def test_the_right_token_in_between_gives_no_more_guesses(operators: Operators) -> None:
    for _ in range(MOST_WRONG):
        assert status(operators, TOKEN) == 200
        assert status(operators, "wrong") == 401
    assert status(operators, "wrong") == 429


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_addresses_that_one_client_can_choose_from_count_together(
    operators: Operators, one: str, other: str, together: bool
) -> None:
    exhaust(operators, one)
    assert status(operators, "wrong", other) == (429 if together else 401)


def test_the_memory_of_clients_is_bounded(operators: Operators) -> None:
    for number in range(10_000):
        status(operators, "wrong", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(operators._attempts._wrong) <= 4096


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_many_at_the_same_time_get_no_more_guesses(operators: Operators) -> None:
    for number in range(20):
        client = f"10.0.1.{number}"
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(status, [operators] * 50, ["wrong"] * 50, [client] * 50))
        assert found.count(401) == MOST_WRONG


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with heard("TRACE", str, serialize=True) as logged:
        yield logged


def test_wrong_tokens_are_told_of_once_and_no_token_is(
    operators: Operators, lines: list[str]
) -> None:
    exhaust(operators)
    (line,) = lines
    assert "a client showed a wrong operator token" in line
    assert "10.0.0.1" in line
    status(operators, TOKEN)
    end_counts()
    assert not [line for line in lines if '"wrong"' in line or TOKEN in line]
