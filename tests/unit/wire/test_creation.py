import pytest

from fixengine.wire.creation import creation_time


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"1785240970500", 1785240970.5),
        (b"1785240970.5", 1785240970.5),
        (b"2026-07-28T12:16:10.5Z", 1785240970.5),
        (b"2026-07-28T14:16:10.5+02:00", 1785240970.5),
    ],
)
def test_a_header_says_when(header: bytes, seconds: float) -> None:
    payload = b'{"createdAt":1}'
    assert creation_time([("created_at", header)], payload, 5000) == seconds


@pytest.mark.parametrize("header", [b"soon", b"", b"nan", b"inf", b"\xff", None])
def test_a_header_that_says_nothing_is_passed_over(header: bytes | None) -> None:
    assert creation_time([("created_at", header)], b'{"createdAt":7000}', 5000) == 7


@pytest.mark.parametrize("name", [b"createdAt", b"created_at"])
def test_a_payload_says_when_in_milliseconds(name: bytes) -> None:
    assert creation_time([], b'{"%s":1785240970500}' % name, 5000) == 1785240970.5


@pytest.mark.parametrize("payload", [None, b"", b"{}", b'{"createdAt":null}', b'{"createdAt":[]}'])
def test_else_the_record_itself_says_when(payload: bytes | None) -> None:
    assert creation_time([("other", b"1")], payload, 5000) == 5


def test_nothing_says_when() -> None:
    assert creation_time([], None, None) is None


@pytest.mark.parametrize("digits", [400, 4300, 5000])
def test_a_number_beyond_all_bounds_says_nothing(digits: int) -> None:
    number = b"9" * digits
    assert creation_time([("created_at", number)], None, 5000) == 5
    assert creation_time([], b'{"createdAt":"%s"}' % number, 5000) == 5
