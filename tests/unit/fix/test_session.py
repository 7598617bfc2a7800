"""What a session says to whom, as the rules of FIX have it; tables of a line each."""

from datetime import timedelta

import pytest

from fixengine.fix import gap, outbound
from fixengine.fix.effects import Abandoned, Effect, Fetch, Transmit
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Message
from fixengine.fix.session import Session, State
from tests.support.fix.client import Client, shown
from tests.support.fix.sides import Clock, Reply, settings

LOGON = "34=1|98=0|108=30|"
NEWS = b"B"


def answering(message: Message) -> list[Reply]:
    return [(NEWS, ((58, b"re " + (message.get(58) or b"")),))]


def said_before(client: Client, seconds: float = 1) -> str:
    return write_timestamp(client.clock.now.utc - timedelta(seconds=seconds)).decode()


@pytest.mark.parametrize(
    ("logon", "answer"),
    [
        (LOGON, ["35=A|34=1|98=0|108=30|"]),
        ("34=1|98=0|108=0|", ["35=A|34=1|98=0|108=0|"]),
        ("34=1|98=0|108=3600|", ["35=A|34=1|98=0|108=3600|"]),
        ("34=1|98=0|108=30|141=Y|", ["35=A|34=1|98=0|108=30|141=Y|"]),
        ("34=1|98=0|108=30|141=N|", ["35=A|34=1|98=0|108=30|"]),
        ("34=1|98=0|108=30|464=N|", ["35=A|34=1|98=0|108=30|"]),
        ("34=1|98=0|108=30|789=1|", ["35=A|34=1|98=0|108=30|789=2|"]),
        (
            "34=5|98=0|108=30|",
            ["35=A|34=1|98=0|108=30|", "35=2|34=2|7=1|16=0|"],
        ),
        ("34=5|98=0|108=30|789=1|", ["35=A|34=1|98=0|108=30|789=1|"]),
    ],
)
def test_a_good_logon_is_answered(logon: str, answer: list[str]) -> None:
    client = Client()
    assert client.logon(logon) == answer
    assert client.side.is_up


@pytest.mark.parametrize(
    ("logon", "text"),
    [
        ("34=1|98=1|108=30|", "EncryptMethod(98) must be 0: use TLS"),
        ("34=1|98=0|108=3601|", "HeartBtInt(108) must be 0 to 3600"),
        ("34=1|98=0|108=-1|", "HeartBtInt(108) must be 0 to 3600"),
        ("34=1|98=0|108=x|", "Incorrect data format for value: 108"),
        ("34=1|98=0|", "Required tag missing: 108"),
        ("34=1|98=0|108=30|999=1|", "Invalid tag number: 999"),
        (
            "34=1|98=0|108=30|464=Y|",
            "TestMessageIndicator(464) must be N or left out: this session is no test",
        ),
        (
            "34=2|98=0|108=30|141=Y|",
            "MsgSeqNum must be 1 where ResetSeqNumFlag(141) is Y, but is 2",
        ),
        ("34=0|98=0|108=30|", "MsgSeqNum too low, expecting 1 but received 0"),
        (
            "34=1|98=0|108=30|789=9|",
            "Tag 789 (NextExpectedMsgSeqNum) is higher than expected. Expected 1, Received 9",
        ),
        ("34=1|98=0|108=30|789=0|", "NextExpectedMsgSeqNum(789) must be 1 or more"),
    ],
)
def test_a_logon_that_can_be_mended_is_refused_with_its_reason(logon: str, text: str) -> None:
    client = Client()
    assert client.logon(logon) == [f"35=5|34=1|58={text}|"]
    assert not client.side.is_up
    assert client.side.books.resets == 0


def test_a_heartbeat_has_the_bounds_that_were_agreed_on() -> None:
    def answers(seconds: int) -> list[str]:
        client = Client(shortest_heartbeat_seconds=5, longest_heartbeat_seconds=60)
        return client.logon(f"34=1|98=0|108={seconds}|")

    for seconds in (0, 4, 61):
        assert answers(seconds) == ["35=5|34=1|58=HeartBtInt(108) must be 5 to 60|"]
    for seconds in (5, 60):
        assert answers(seconds) == [f"35=A|34=1|98=0|108={seconds}|"]


@pytest.mark.parametrize(
    "logon",
    [
        "34=1|98=0|108=30|49=OTHER|",
        "34=1|98=0|108=30|56=OTHER|",
        "34=1|98=0|108=30|52=20260302-09:27:59|",
        "34=x|98=0|108=30|",
        "98=0|108=30|",
    ],
)
def test_who_is_somebody_else_gets_no_word(logon: str) -> None:
    client = Client()
    assert client.logon(logon) == []
    assert client.side.why is not None
    assert client.side.books.next_in == 1


def test_numbers_go_on_after_a_connection_is_lost() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|", "35=B|34=3|58=b|")
    assert client.logon("34=4|98=0|108=30|") == ["35=A|34=4|98=0|108=30|"]
    assert client.logon("34=4|98=0|108=30|") == [
        "35=5|34=5|58=MsgSeqNum too low, expecting 5 but received 4|"
    ]


def test_a_reset_begins_both_numbers_again_and_forgets_what_was_sent() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    assert client.logon("34=1|98=0|108=30|141=Y|") == ["35=A|34=1|98=0|108=30|141=Y|"]
    assert client.says("35=B|34=2|58=b|") == ["35=B|34=2|58=re b|"]
    assert client.says("35=2|34=3|7=1|16=0|") == [
        "35=4|34=1|43=Y|122=*|36=2|123=Y|",
        "35=B|34=2|43=Y|122=*|58=re b|",
    ]


def test_a_logon_within_a_session_begins_again_or_ends_it() -> None:
    client = Client().logged_on()
    assert client.says("35=A|34=1|98=0|108=10|141=Y|") == ["35=A|34=1|98=0|108=10|141=Y|"]
    assert client.says("35=A|34=2|98=0|108=30|") == [
        "35=5|34=2|58=Logon without ResetSeqNumFlag(141) while logged on|"
    ]
    assert not client.side.is_up


def test_a_message_that_is_early_waits_for_those_before_it() -> None:
    client = Client(answering).logged_on()
    assert client.says("35=B|34=4|58=c|", "35=B|34=3|58=b|") == ["35=2|34=2|7=2|16=0|"]
    assert client.seen == []
    assert client.says("35=B|34=2|58=a|") == [
        "35=B|34=3|58=re a|",
        "35=B|34=4|58=re b|",
        "35=B|34=5|58=re c|",
    ]
    assert client.seen == ["a", "b", "c"]
    again = said_before(client)
    assert client.says(f"35=B|34=3|43=Y|122={again}|58=b|", "35=B|34=5|58=d|") == [
        "35=B|34=6|58=re d|"
    ]


def test_the_same_is_not_asked_for_twice_but_again_when_nothing_comes() -> None:
    client = Client().logged_on("34=1|98=0|108=0|")
    assert client.says("35=B|34=5|58=d|", "35=B|34=6|58=e|") == ["35=2|34=2|7=2|16=0|"]
    assert client.waits(gap.STALL_SECONDS - 1) == []
    client.says("35=B|34=2|43=Y|122=20260302-09:30:00|58=a|")
    assert client.waits(gap.STALL_SECONDS - 1) == []
    assert client.waits(1) == ["35=2|34=3|7=3|16=0|"]
    assert client.says("35=4|34=3|43=Y|122=20260302-09:30:00|123=Y|36=7|") == []
    assert client.seen == ["a"]
    assert client.waits(2 * gap.STALL_SECONDS) == []
    assert client.side.books.next_in == 7


def test_a_second_gap_is_asked_for_when_the_first_is_closed() -> None:
    client = Client().logged_on()
    assert client.says("35=B|34=3|58=b|", "35=B|34=6|58=e|") == ["35=2|34=2|7=2|16=0|"]
    assert client.says("35=B|34=2|58=a|") == []
    assert client.says("35=B|34=7|58=f|") == ["35=2|34=3|7=4|16=0|"]


def test_both_sides_may_have_a_gap() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    assert client.says("35=2|34=5|7=2|16=0|") == [
        "35=2|34=3|7=3|16=0|",
        "35=B|34=2|43=Y|122=*|58=re a|",
    ]
    assert client.says("35=4|34=3|43=Y|122=20260302-09:30:00|123=Y|36=5|") == []
    assert client.side.books.next_in == 6, "and the request that came early was answered once"


def test_a_number_that_was_a_mistake_is_forgotten_when_the_peer_goes_on_below_it() -> None:
    client = Client().logged_on("34=1|98=0|108=0|")
    missing = []
    for text in ("35=B|34=999999|58=mistake|", "35=4|34=2|123=Y|36=3|", "35=B|34=3|58=b|"):
        client.says(text)
        missing.append(client.side.session.missing_before)
    assert missing == [999999, 999999, None]
    assert client.side.abandoned == [Abandoned(expected=4, early=999999)]
    assert client.waits(100 * gap.STALL_SECONDS) == []
    assert client.says("35=B|34=6|58=e|") == ["35=2|34=3|7=4|16=0|"]


def test_a_mistake_is_not_taken_when_its_number_comes() -> None:
    client = Client().logged_on()
    client.says("35=B|34=5|58=mistake|", *(f"35=B|34={seq}|58={seq}|" for seq in range(2, 7)))
    assert client.seen == ["2", "3", "4", "5", "6"]
    assert client.side.is_up


def test_a_mistake_while_something_is_missing_is_not_taken_either() -> None:
    client = Client().logged_on()
    client.says("35=B|34=3|58=b|", "35=B|34=6|58=mistake|")
    again = said_before(client)
    client.says(f"35=B|34=2|43=Y|122={again}|58=a|", f"35=B|34=3|43=Y|122={again}|58=b|")
    client.says(*(f"35=B|34={seq}|58={seq}|" for seq in range(4, 8)))
    assert client.seen == ["a", "b", "4", "5", "6", "7"]


@pytest.mark.parametrize("following", [4, 5, 6])
def test_what_came_early_is_no_mistake_where_a_gap_fill_goes_over_it(following: int) -> None:
    client = Client().logged_on()
    client.says("35=0|34=3|", "35=0|34=4|", "35=0|34=5|")
    again = said_before(client)
    client.says(f"35=4|34=2|43=Y|122={again}|123=Y|36={following}|")
    client.says("35=B|34=6|58=new|")
    assert client.seen == ["new"]
    assert client.side.abandoned == []


def test_what_does_not_come_is_asked_for_three_times_until_the_peer_is_early_again() -> None:
    client = Client().logged_on("34=1|98=0|108=0|")
    asked = client.says("35=B|34=5|58=d|") + client.waits(100 * gap.STALL_SECONDS)
    assert asked == [f"35=2|34={seq}|7=2|16=0|" for seq in range(2, 2 + gap.MOST_ASKED)]
    assert client.side.abandoned == [Abandoned(expected=2, early=5)]
    assert client.says("35=B|34=6|58=e|") == ["35=2|34=5|7=2|16=0|"]
    again = said_before(client)
    client.says(*(f"35=B|34={seq}|43=Y|122={again}|58={seq}|" for seq in range(2, 7)))
    assert client.seen == ["2", "3", "4", "5", "e"], "nothing is lost by it"


def test_who_sends_one_after_the_other_is_asked_as_often_for_each() -> None:
    client = Client().logged_on("34=1|98=0|108=0|")
    client.says("35=B|34=9|58=h|")
    for seq in range(2, 8):
        assert len(client.waits(2 * gap.STALL_SECONDS)) == 2
        client.says(f"35=B|34={seq}|43=Y|122={said_before(client)}|58={seq}|")
    assert client.side.abandoned == []


def test_a_gap_fill_over_a_logon_that_was_early_counts_once() -> None:
    client = Client()
    client.logon("34=4|98=0|108=30|")
    assert client.says("35=4|34=1|43=Y|122=20260302-09:30:00|123=Y|36=5|") == []
    assert client.says("35=1|34=5|112=x|") == ["35=0|34=3|112=x|"]
    up_to_it = Client()
    up_to_it.logon("34=4|98=0|108=30|")
    assert up_to_it.says("35=4|34=1|43=Y|122=20260302-09:30:00|123=Y|36=4|") == []
    assert up_to_it.says("35=1|34=5|112=x|") == ["35=0|34=3|112=x|"]


def test_what_does_not_fit_into_the_gap_is_asked_for_again() -> None:
    client = Client().logged_on()
    early = [f"35=B|34={seq}|58={seq}|" for seq in range(3, 10 + gap.MOST_HELD)]
    assert client.says(*early) == ["35=2|34=2|7=2|16=0|"]
    assert client.says("35=B|34=2|58=2|") == []
    expected = gap.MOST_HELD + 3
    assert client.side.books.next_in == expected
    assert client.says("35=0|34=1010|") == [f"35=2|34=3|7={expected}|16=0|"]


def test_the_gap_keeps_no_more_bytes_than_it_may() -> None:
    client = Client().logged_on()
    long = "x" * (gap.MOST_BYTES // 4)
    client.says(*(f"35=B|34={seq}|58={long}|" for seq in range(3, 10)))
    client.says("35=B|34=2|58=a|")
    assert len(client.seen) == 1 + 3


@pytest.mark.parametrize(
    ("text", "answers", "why"),
    [
        ("35=0|34=1|", ["35=5|34=2|58=MsgSeqNum too low, expecting 2 but received 1|"], "too low"),
        (
            "35=2|34=1|7=1|16=0|",
            ["35=5|34=2|58=MsgSeqNum too low, expecting 2 but received 1|"],
            "",
        ),
        ("35=0|", ["35=5|34=2|58=MsgSeqNum(34) is missing, or is no number|"], "missing"),
        ("35=0|34=|", ["35=5|34=2|58=MsgSeqNum(34) is missing, or is no number|"], "missing"),
        (f"35=0|34={'9' * 30}|", ["35=5|34=2|58=MsgSeqNum(34) is missing, or is no number|"], ""),
        ("35=5|34=2|", ["35=5|34=2|"], "said Logout"),
        ("35=5|34=9|", ["35=5|34=2|"], "said Logout"),
    ],
)
def test_what_ends_a_session_at_once(text: str, answers: list[str], why: str) -> None:
    client = Client().logged_on()
    assert client.says(text, "35=1|34=2|112=x|") == answers
    assert why in (client.side.why or "")
    assert client.side.books.next_in == (3 if text == "35=5|34=2|" else 2)


@pytest.mark.parametrize(
    ("text", "reject"),
    [
        ("35=0|34=2|49=OTHER|", "45=2|58=CompID problem|372=0|373=9|"),
        ("35=0|34=2|56=OTHER|", "45=2|58=CompID problem|372=0|373=9|"),
        (
            "35=0|34=2|52=20260302-09:27:59.999|",
            "45=2|58=SendingTime accuracy problem|372=0|373=10|",
        ),
        (
            "35=0|34=2|52=20260302-09:32:00.001|",
            "45=2|58=SendingTime accuracy problem|372=0|373=10|",
        ),
    ],
)
def test_what_can_not_be_from_this_peer_now_is_refused_and_ends_the_session(
    text: str, reject: str
) -> None:
    client = Client().logged_on()
    assert client.says(text) == [f"35=3|34=2|{reject}", "35=5|34=3|"]
    assert client.side.session.state is State.LEAVING
    assert client.says("35=5|34=3|") == []
    assert not client.side.is_up


@pytest.mark.parametrize("time", ["09:28:00", "09:32:00.000000000000"])
def test_a_clock_may_be_two_minutes_off(time: str) -> None:
    assert Client().logged_on().says(f"35=1|34=2|52=20260302-{time}|112=x|") == ["35=0|34=2|112=x|"]


def test_a_message_with_a_fault_is_refused_and_counts() -> None:
    client = Client().logged_on()
    assert client.says("35=0|34=2|55=A|", "35=1|34=3|112=x|") == [
        "35=3|34=2|45=2|58=Tag not defined for this message type|371=55|372=0|373=2|",
        "35=0|34=3|112=x|",
    ]


def test_a_reject_goes_back_the_way_the_message_came() -> None:
    client = Client().logged_on()
    assert client.says("35=0|34=2|115=DESK|116=ANN|129=|55=A|") == [
        "35=3|34=2|128=DESK|129=ANN|45=2|58=Tag specified without a value|371=129|372=0|373=4|"
    ]


def test_a_reject_is_delivered_and_never_answered() -> None:
    client = Client().logged_on()
    assert client.says("35=3|34=2|45=1|58=no|") == []
    assert client.seen == ["no"]


@pytest.mark.parametrize(
    ("times", "answers"),
    [
        ("122=20260302-09:29:59|", []),
        ("122=20260302-09:30:00|", []),
        ("", ["35=3|34=2|45=1|58=Required tag missing|371=122|372=B|373=1|"]),
        ("122=x|", ["35=3|34=2|45=1|58=Incorrect data format for value|371=122|372=B|373=6|"]),
        (
            "122=20260302-09:30:01|",
            ["35=3|34=2|45=1|58=SendingTime accuracy problem|372=B|373=10|", "35=5|34=3|"],
        ),
    ],
)
def test_a_message_that_came_before_is_passed_over(times: str, answers: list[str]) -> None:
    client = Client().logged_on()
    assert client.says(f"35=B|34=1|43=Y|{times}58=a|") == answers
    assert client.seen == []
    assert client.side.books.next_in == 2


@pytest.mark.parametrize(
    ("times", "answers", "seen"),
    [
        ("122=20260302-09:30:00|", [], ["a"]),
        ("", ["35=3|34=2|45=2|58=Required tag missing|371=122|372=B|373=1|"], []),
        ("122=x|", ["35=3|34=2|45=2|58=Incorrect data format for value|371=122|372=B|373=6|"], []),
        (
            "122=20260302-09:30:01|",
            ["35=3|34=2|45=2|58=SendingTime accuracy problem|372=B|373=10|", "35=5|34=3|"],
            [],
        ),
    ],
)
def test_a_message_that_is_sent_again_says_when_it_was_sent_first(
    times: str, answers: list[str], seen: list[str]
) -> None:
    client = Client().logged_on()
    assert client.says(f"35=B|34=2|43=Y|{times}58=a|") == answers
    assert client.seen == seen
    assert client.side.books.next_in == 3, "a refused message counts"
    assert client.side.is_up
    early = Client().logged_on()
    early.says(f"35=B|34=3|43=Y|{times}58=a|")
    assert [each[9:] for each in early.says("35=0|34=2|")] == [
        each[9:].replace("45=2", "45=3") for each in answers
    ]
    assert early.seen == seen


@pytest.mark.parametrize("times", ["", "122=20260302-09:30:01|"])
@pytest.mark.parametrize("seq", [1, 2])
def test_a_gap_fill_was_never_sent_before(times: str, seq: int) -> None:
    client = Client().logged_on()
    assert client.says(f"35=4|34={seq}|43=Y|{times}123=Y|36=9|") == []
    assert client.side.books.next_in == (2 if seq == 1 else 9)


@pytest.mark.parametrize(
    ("reset", "answers", "expected"),
    [
        ("34=2|123=Y|36=9|", [], 9),
        ("34=2|123=Y|36=2|", ["371=36|"], 3),
        ("34=2|123=Y|36=1|", ["371=36|"], 3),
        ("34=2|123=Y|36=2000000001|", ["371=36|"], 3),
        ("34=2|123=Y|", ["371=36|"], 3),
        ("34=7|36=9|", [], 9),
        ("34=0|36=2|", [], 2),
        ("34=7|36=2000000000|", [], 2_000_000_000),
        ("34=7|36=2000000001|", ["373=5|"], 2),
        ("34=0|36=1|", ["373=5|"], 2),
        ("34=2|36=1|123=N|", ["373=5|"], 3),
        ("34=0|", ["371=36|"], 2),
    ],
)
def test_numbers_may_be_passed_over_but_never_go_back(
    reset: str, answers: list[str], expected: int
) -> None:
    client = Client().logged_on()
    said = client.says(f"35=4|{reset}")
    assert len(said) == len(answers)
    assert all(part in each for part, each in zip(answers, said, strict=True))
    assert client.side.books.next_in == expected


def test_a_reset_forgets_what_was_held_under_old_numbers() -> None:
    client = Client().logged_on()
    client.says("35=B|34=5|58=old|", "35=4|34=0|36=4|", "35=B|34=4|58=x|", "35=B|34=5|58=new|")
    assert client.seen == ["x", "new"]


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("7=2|16=0|", ["35=B|34=2|43=Y|122=*|58=re a|", "4:3-5", "35=B|34=5|43=Y|122=*|58=re b|"]),
        ("7=1|16=2|", ["4:1-2", "35=B|34=2|43=Y|122=*|58=re a|"]),
        ("7=3|16=4|", ["4:3-5"]),
        ("7=5|16=999999|", ["35=B|34=5|43=Y|122=*|58=re b|"]),
        ("7=6|16=0|", ["371=7|372=2|373=5|"]),
        ("7=0|16=0|", ["371=7|372=2|373=5|"]),
        ("7=3|16=2|", ["371=7|372=2|373=5|"]),
        ("16=2|", ["371=7|372=2|373=1|"]),
    ],
)
def test_what_was_sent_is_sent_again_but_for_administrative_messages(
    asked: str, answers: list[str]
) -> None:
    client = Client(answering).logged_on()
    for text in ("35=B|34=2|58=a|", "35=1|34=3|112=x|", "35=0|34=4|55=A|", "35=B|34=5|58=b|"):
        client.says(text)
    said = client.says(f"35=2|34=6|{asked}")
    assert len(said) == len(answers)
    for each, answer in zip(said, answers, strict=True):
        if answer.startswith("4:"):
            first, new = answer[2:].split("-")
            assert each == f"35=4|34={first}|43=Y|122=*|36={new}|123=Y|"
        else:
            assert answer in each
    assert client.says("35=1|34=7|112=y|")[0].startswith("35=0|34=")


def test_a_long_replay_goes_page_by_page_and_fills_over_their_borders() -> None:
    client = Client(answering).logged_on()
    count = 2 * outbound.PAGE + 7
    for seq in range(2, 2 + count):
        client.says(f"35=1|34={seq}|112=x|" if seq % 5 else f"35=B|34={seq}|58={seq}|")
    said = client.says(f"35=2|34={2 + count}|7=1|16=0|")
    news = [each for each in said if each.startswith("35=B|")]
    assert [each.split("58=re ")[1] for each in news] == [f"{n}|" for n in range(5, 2 + count, 5)]
    fills = [each for each in said if each.startswith("35=4|")]
    assert len(fills) == len(news) + 1


def test_news_wait_until_a_replay_is_through_and_come_in_order() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    session, now = client.side.session, client.clock.now
    asked = session.received(now, client.written("35=2|34=3|7=2|16=2|"))
    meanwhile = [*session.send(now, NEWS, ((58, b"new"),))]
    assert shown(client.side.perform([*meanwhile])) == []
    assert shown(client.side.perform(asked)) == [
        "35=B|34=2|43=Y|122=*|58=re a|",
        "35=B|34=3|58=new|",
    ]
    assert client.says("35=B|34=4|58=b|") == ["35=B|34=4|58=re b|"]


def test_after_that_a_repetition_is_marked_as_one_again() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    session, now = client.side.session, client.clock.now
    asked = session.received(now, client.written("35=2|34=3|7=2|16=2|"))
    client.side.perform(session.send(now, NEWS, ((58, b"new"),)))
    client.side.perform(asked)
    assert client.says("35=2|34=4|7=3|16=3|") == ["35=B|34=3|43=Y|122=*|58=new|"]


def test_what_waited_and_was_sent_is_marked_when_it_is_asked_for_before_the_replay_ends() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    session, now = client.side.session, client.clock.now

    def waits(text: bytes) -> None:
        assert client.side.perform(session.send(now, NEWS, ((58, text),))) == b""

    def read(effects: list[Effect]) -> list[Effect]:
        """Let a page be read; return what comes of it."""
        (page,) = (each for each in effects if isinstance(each, Fetch))
        kept = client.side.books.kept
        return session.fetched(now, page, [kept[seq] for seq in range(page.first, page.last + 1)])

    asked = session.received(now, client.written("35=2|34=3|7=2|16=2|"))
    waits(b"new")
    replay = read(asked)
    waits(b"newer")
    news = read(replay)
    assert shown(client.side.perform([each for each in news if isinstance(each, Transmit)])) == [
        "35=B|34=3|58=new|"
    ]
    assert client.says("35=2|34=4|7=2|16=0|") == [
        "35=B|34=2|43=Y|122=*|58=re a|",
        "35=B|34=3|43=Y|122=*|58=new|",
        "35=B|34=4|58=newer|",
    ]


def test_a_reset_forgets_what_waits() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    session, now = client.side.session, client.clock.now
    session.received(now, client.written("35=2|34=3|7=2|16=2|"))
    client.side.perform(session.send(now, NEWS, ((58, b"new"),)))
    client.says("35=A|34=1|98=0|108=30|141=Y|")
    assert client.says("35=B|34=2|58=b|") == ["35=B|34=2|58=re b|"]
    assert client.says("35=2|34=3|7=2|16=2|") == ["35=B|34=2|43=Y|122=*|58=re b|"]


def test_an_early_request_with_a_fault_is_refused_in_its_turn() -> None:
    client = Client(answering).logged_on()
    assert client.says("35=2|34=3|7=x|16=0|") == ["35=2|34=2|7=2|16=0|"]
    assert client.says("35=0|34=2|") == [
        "35=3|34=3|45=3|58=Incorrect data format for value|371=7|372=2|373=6|"
    ]


def test_a_test_request_is_answered_during_a_replay() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    session, now = client.side.session, client.clock.now
    asked = session.received(now, client.written("35=2|34=3|7=2|16=0|"))
    alive = session.received(now, client.written("35=1|34=4|112=x|"))
    assert shown(client.side.perform(alive)) == ["35=0|34=3|112=x|"]
    assert shown(client.side.perform(asked)) == ["35=B|34=2|43=Y|122=*|58=re a|"]


def test_a_later_request_takes_the_place_of_an_earlier_one() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|", "35=B|34=3|58=b|")
    session, now = client.side.session, client.clock.now
    first = session.received(now, client.written("35=2|34=4|7=3|16=0|"))
    second = session.received(now, client.written("35=2|34=5|7=2|16=2|"))
    assert shown(client.side.perform([*first, *second])) == [
        "35=B|34=2|43=Y|122=*|58=re a|",
        "35=B|34=3|43=Y|122=*|58=re b|",
    ]


def test_pieces_that_are_asked_for_together_are_all_sent_again() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|", "35=B|34=3|58=b|")
    stream = client.written("35=2|34=4|7=2|16=2|") + client.written("35=2|34=5|7=3|16=3|")
    assert client.sends(stream) == [
        "35=B|34=2|43=Y|122=*|58=re a|",
        "35=B|34=3|43=Y|122=*|58=re b|",
    ]


@pytest.mark.parametrize(
    ("last", "answer"),
    [("35=5|34=3|", "35=5|34=3|"), ("35=A|34=1|98=0|108=30|141=Y|",) * 2],
)
def test_what_is_delivered_is_answered_before_the_logout_or_reset_behind_it(
    last: str, answer: str
) -> None:
    client = Client(answering).logged_on()
    assert client.says("35=B|34=2|58=a|", last) == ["35=B|34=2|58=re a|", answer]


def test_for_many_requests_at_once_one_page_is_read() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    stream = b"".join(client.written(f"35=2|34={seq}|7=1|16=0|") for seq in range(3, 103))
    effects = client.side.session.received(client.clock.now, stream)
    assert [each for each in effects if isinstance(each, Fetch)] == [Fetch(1, 2)]


def test_what_was_numbered_without_a_connection_is_sent_when_it_is_asked_for() -> None:
    client = Client(answering).logged_on()
    client.side.session.lose()
    said = client.side.perform(client.side.session.send(client.clock.now, NEWS, ((58, b"late"),)))
    assert said == b""
    assert client.logon("34=2|98=0|108=30|") == ["35=A|34=3|98=0|108=30|"]
    assert client.says("35=2|34=3|7=2|16=0|") == [
        "35=B|34=2|43=Y|122=*|58=late|",
        "35=4|34=3|43=Y|122=*|36=4|123=Y|",
    ]


def test_a_peer_that_says_what_it_expects_needs_not_ask() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    assert client.logon("34=3|98=0|108=30|789=2|") == [
        "35=A|34=3|98=0|108=30|789=4|",
        "35=B|34=2|43=Y|122=*|58=re a|",
        "35=4|34=3|43=Y|122=*|36=4|123=Y|",
    ]


def test_what_a_peer_expects_after_a_reset_is_counted_from_1() -> None:
    client = Client(answering).logged_on()
    client.says("35=B|34=2|58=a|")
    assert client.logon("34=1|98=0|108=30|141=Y|789=1|") == [
        "35=A|34=1|98=0|108=30|141=Y|789=2|",
    ]


def test_signs_of_life_are_given_and_asked_for() -> None:
    client = Client().logged_on("34=1|98=0|108=10|")
    assert client.waits(9.9) == []
    assert client.waits(0.1) == ["35=0|34=2|"]
    assert client.waits(1.9) == []
    assert client.waits(0.1) == ["35=1|34=3|112=TEST|"]
    assert client.says("35=0|34=2|112=TEST|") == []
    assert client.waits(12) == ["35=0|34=4|", "35=1|34=5|112=TEST|"]
    assert client.waits(11.9) == []
    assert client.side.is_up
    assert client.waits(0.1) == []
    assert client.side.why == "the peer shows no sign of life"


def test_a_message_behind_a_gap_is_a_sign_of_life_too() -> None:
    client = Client().logged_on("34=1|98=0|108=10|")
    client.waits(12)
    client.says("35=0|34=9|")
    assert client.waits(11.9)[-1].startswith("35=2|")
    assert client.side.is_up


def test_what_waits_to_be_received_is_a_sign_of_life_too() -> None:
    client = Client().logged_on("34=1|98=0|108=10|")
    client.waits(12)
    client.side.session.heard(client.clock.now)
    assert client.waits(11.9) != []
    assert client.side.is_up


def test_garbled_bytes_are_no_sign_of_life_and_move_no_number() -> None:
    client = Client().logged_on("34=1|98=0|108=10|")
    client.waits(12)
    message = client.written("35=0|34=2|")
    assert client.sends(message[:-4] + b"000\x01") == []
    client.waits(12)
    assert not client.side.is_up
    assert client.side.books.next_in == 2
    assert client.side.ignored == ["the checksum is wrong"]


def test_with_an_interval_of_zero_nobody_says_anything() -> None:
    client = Client().logged_on("34=1|98=0|108=0|")
    assert client.side.session.due is None
    assert client.waits(100_000) == []


def test_another_version_within_a_session_ends_it() -> None:
    client = Client().logged_on()
    message = client.written("35=0|34=2|").replace(b"FIX.4.4", b"FIX.4.1")
    total = (sum(message[: -len(b"10=000|")])) % 256
    assert client.sends(message[: -len(b"10=000|")] + b"10=%03d\x01" % total) == [
        "35=5|34=2|58=Incorrect BeginString|"
    ]
    assert client.waits(4.9) == []
    assert client.side.is_up
    client.waits(0.1)
    assert client.side.why == "no Logout came back"


def test_who_leaves_still_takes_what_comes_until_the_answer() -> None:
    client = Client(answering).logged_on()
    effects = client.side.session.leave(client.clock.now, "the pod stops")
    assert shown(client.side.perform(effects)) == ["35=5|34=2|58=the pod stops|"]
    assert client.says("35=B|34=2|58=a|") == ["35=B|34=3|58=re a|"]
    assert client.says("35=2|34=3|7=3|16=0|") == ["35=B|34=3|43=Y|122=*|58=re a|"]
    assert client.says("35=5|34=4|", "35=B|34=5|58=b|") == []
    assert client.side.why == "the peer said Logout"
    assert client.seen == ["a"]


def test_why_the_peer_leaves_is_told_in_few_words() -> None:
    client = Client().logged_on()
    client.says(f"35=5|34=2|58=MsgSeqNum too low{'.' * 500}|")
    assert client.side.why is not None
    assert client.side.why.startswith("the peer said Logout: MsgSeqNum too low")
    assert len(client.side.why) < 250


def test_who_leaves_says_so_once() -> None:
    client = Client().logged_on()
    client.side.perform(client.side.session.leave(client.clock.now, "the pod stops"))
    assert client.says("35=0|34=1|") == []
    assert "too low" in (client.side.why or "")


@pytest.mark.parametrize("text", ["35=5|34=1|", "35=A|34=1|98=0|108=30|"])
def test_an_old_logon_or_logout_that_comes_again_is_passed_over(text: str) -> None:
    client = Client().logged_on()
    assert client.says(f"{text.replace('34=1|', '34=1|43=Y|122=20260302-09:29:59|')}") == []
    assert client.side.is_up


def test_bytes_of_a_connection_that_is_gone_change_nothing() -> None:
    client = Client(answering).logged_on()
    client.side.session.lose()
    assert client.says("35=B|34=2|58=a|", "35=5|34=3|") == []
    assert client.waits(1_000) == []
    assert client.seen == []
    assert (client.side.books.next_in, client.side.why) == (2, None)


def test_a_transaction_that_fails_leaves_nothing_behind() -> None:
    client = Client(answering).logged_on()
    client.side.fails = True
    assert client.says("35=B|34=2|58=a|") == []
    assert client.seen == []
    assert client.logon("34=3|98=0|108=30|") == [
        "35=A|34=2|98=0|108=30|",
        "35=2|34=3|7=2|16=0|",
    ]
    assert client.says("35=B|34=2|43=Y|122=20260302-09:30:00|58=a|") == ["35=B|34=4|58=re a|"]


class Caller:
    """An initiator that a test answers."""

    def __init__(self, **more: object) -> None:
        self.clock = Clock()
        self.session = Session(settings(b"CLIENT", b"ENGINE", **more), next_in=3, next_out=5)
        self._peer = Client()

    def opens(self) -> list[str]:
        return self._said(self.session.open(self.clock.now))

    def hears(self, text: str) -> list[str]:
        kind, _, rest = text.partition("|")
        message = self._peer.written(f"{kind}|49=ENGINE|56=CLIENT|{rest}")
        return self._said(self.session.received(self.clock.now, message))

    def _said(self, effects: object) -> list[str]:
        side = self._peer.side
        side.session = self.session
        return shown(side.perform(effects))  # type: ignore[arg-type]  # a list of effects


def test_an_initiator_says_logon_with_its_credentials_which_are_kept_nowhere() -> None:
    caller = Caller(heartbeat_seconds=7, logon_fields=((553, b"ann"), (554, b"secret")))
    assert caller.opens() == ["35=A|34=5|98=0|108=7|553=ann|554=secret|"]
    assert caller._peer.side.books.kept[5].body == b""
    assert caller.hears("35=A|34=3|98=0|108=7|") == []
    assert caller.session.state is State.ACTIVE


def test_what_is_sent_before_the_logon_is_answered_goes_out_after_it() -> None:
    caller = Caller()
    caller.opens()
    assert caller._said(caller.session.send(caller.clock.now, NEWS, ((58, b"soon"),))) == []
    assert caller.hears("35=A|34=3|98=0|108=30|") == ["35=B|34=6|58=soon|"]


def test_an_answer_that_was_early_counts_once_for_an_initiator_too() -> None:
    caller = Caller()
    caller.opens()
    assert caller.hears("35=A|34=9|98=0|108=30|") == ["35=2|34=6|7=3|16=0|"]
    assert caller.hears("35=4|34=3|43=Y|122=20260302-09:30:00|123=Y|36=9|") == []
    assert caller.session.next_in == 10


def test_an_initiator_may_begin_at_one_again() -> None:
    caller = Caller(reset=True)
    assert caller.opens() == ["35=A|34=1|98=0|108=30|141=Y|"]
    assert caller.hears("35=A|34=1|98=0|108=30|141=Y|") == []
    assert (caller.session.next_in, caller.session.next_out) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "said", "state"),
    [
        ("35=A|34=9|98=0|108=30|", ["35=2|34=6|7=3|16=0|"], State.ACTIVE),
        (
            "35=A|34=2|98=0|108=30|",
            ["35=5|34=6|58=MsgSeqNum too low, expecting 3 but received 2|"],
            State.CLOSED,
        ),
        (
            "35=A|34=3|98=0|108=30|141=Y|",
            ["35=5|34=6|58=nobody asked for ResetSeqNumFlag(141)|"],
            State.CLOSED,
        ),
        ("35=A|34=3|98=0|", ["35=5|34=6|58=Required tag missing: 108|"], State.CLOSED),
        ("35=5|34=3|58=go away|", [], State.CLOSED),
        ("35=0|34=3|", [], State.CLOSED),
        ("35=A|34=3|98=0|108=30|52=20250302-09:30:00|", [], State.CLOSED),
    ],
)
def test_an_initiator_takes_only_a_good_answer(answer: str, said: list[str], state: State) -> None:
    caller = Caller()
    caller.opens()
    assert caller.hears(answer) == said
    assert caller.session.state is state


def test_an_initiator_waits_ten_seconds_for_an_answer() -> None:
    caller = Caller()
    caller.opens()
    assert caller.session.due == 10
    caller.clock.reach(10)
    caller._said(caller.session.passed(caller.clock.now))
    assert caller._peer.side.why == "no Logon came"
