import json

import pytest

from fixengine.dlq.view import body, details, json_line, printable, table
from fixengine.ports.kafka import Headers, Record
from fixengine.wire.letters import Letter, Place, read_letter


def letter(
    *,
    key: bytes | None = b"37",
    value: bytes | None = b'{"id":37}',
    reason: bytes = b"id is missing",
    own: Headers = (),
) -> Letter:
    return read_letter(
        Record(
            topic="orders.dlq",
            partition=0,
            offset=5,
            key=key,
            value=value,
            headers=(
                *own,
                ("dlq.reason", reason),
                ("dlq.topic", b"orders"),
                ("dlq.partition", b"3"),
                ("dlq.offset", b"17"),
                ("dlq.failed_at", b"2026-07-28T12:00:00+00:00"),
                ("dlq.replays", b"2"),
            ),
            timestamp_ms=None,
        )
    )


def test_a_table_has_a_line_for_each_letter() -> None:
    heading, one, other = table(
        [letter(), letter(key=None, reason=b"x" * 100)], {Place(0, 5): Place(3, 99)}
    )
    assert heading.split("  ")[0] == "LETTER"
    assert one.split() == [
        *("0/5", "2026-07-28T12:00:00+00:00", "orders", "3/17", "37", "2", "3/99"),
        *("id", "is", "missing"),
    ]
    assert one.index("id is") == other.index("xxx") == heading.index("REASON")


def test_a_key_of_a_megabyte_makes_no_wide_table() -> None:
    lines = list(table([letter(key=b"k" * 1_000_000), letter()], {}))
    assert max(map(len, lines)) < 250
    assert "kkk…" in lines[1]
    assert json.loads(json_line(letter(key=b"k" * 1_000_000), None))["key"] == "k" * 1_000_000


def test_a_letter_as_json_has_what_the_table_has() -> None:
    assert json.loads(json_line(letter(), Place(3, 99))) == {
        "partition": 0,
        "offset": 5,
        "failedAt": "2026-07-28T12:00:00+00:00",
        "failedOn": {"topic": "orders", "partition": 3, "offset": 17},
        "key": "37",
        "shortened": False,
        "replays": 2,
        "replayedTo": {"partition": 3, "offset": 99},
        "reason": "id is missing",
    }


def test_what_is_not_known_is_null() -> None:
    nothing = read_letter(
        Record(
            topic="x", partition=0, offset=0, key=None, value=None, headers=(), timestamp_ms=None
        )
    )
    shown = json.loads(json_line(nothing, None))
    assert {name for name, value in shown.items() if value is None} == {
        *("failedAt", "failedOn", "key", "replayedTo"),
    }
    assert list(table([nothing], {}))[1].split() == ["0/0", "-", "-", "-", "0", "-", "-"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"plain", "plain"),
        ("Zürich €".encode(), "Zürich €"),
        (b"\x00\xff", r"\x00\xff"),
        (b"\x1b[2J\x07\x7f", r"\x1b[2J\x07\x7f"),
        ("\x9b2J\u202e\u2028".encode(), r"\x9b2J\u202e\u2028"),
        (b"two\nlines", r"two\nlines"),
    ],
)
def test_nothing_reaches_the_terminal_that_could_steer_it(content: bytes, shown: str) -> None:
    assert printable(content) == shown


def test_a_json_body_is_indented_and_its_numbers_stay_as_they_were() -> None:
    lines = list(body(b'{"quantity":134.00000000,"x":[1E+400]}'))
    assert lines == ["{", '  "quantity": 134.00000000,', '  "x": [', "    1E+400", "  ]", "}"]


@pytest.mark.parametrize("value", [b"\xff\xfe", b"{", b"", b"[" * 100_000, b'"\x1b[2J'])
def test_any_other_body_is_shown_as_it_is(value: bytes) -> None:
    assert list(body(value)) == [printable(value)]


def test_details_end_with_the_verdict_and_the_body() -> None:
    own: Headers = (("trace", b"\xff"), ("none", None), ("\x1b", b"x"))
    lines = list(details(letter(own=own), letter(own=own), None, "id is missing"))
    assert lines[0] == "letter       0/5 of orders.dlq"
    assert r"header       trace: \xff" in lines
    assert "header       none: -" in lines
    assert r"header       \x1b: x" in lines
    assert lines[-5:] == [
        "now          the decoder refuses it: id is missing",
        "body         9 bytes",
        "{",
        '  "id": 37',
        "}",
    ]
    assert "takes it" in list(details(letter(value=None), letter(value=None), None, None))[-2]
    assert (
        list(details(letter(value=None), letter(value=None), None, None))[-1] == "body         none"
    )


def test_a_shortened_letter_is_shown_whole_while_its_order_is_there() -> None:
    part = letter(value=b'{"id"', own=(("dlq.shortened", b"9"),))
    shown = list(details(part, letter(), None, None))
    assert (
        "shortened    the letter has 5 of 9 bytes; what follows is the order itself, "
        "read from orders 3/17"
    ) in shown
    assert shown[-4:] == ["body         9 bytes", "{", '  "id": 37', "}"]
    gone = list(details(part, None, None, None))
    assert (
        "shortened    the letter has 5 of 9 bytes; orders 3/17 no longer has the whole order"
        in gone
    )
    assert gone[-3:] == [
        "now          a part of an order is no order",
        "body         5 bytes",
        '{"id"',
    ]
    assert json.loads(json_line(part, None))["shortened"] is True
