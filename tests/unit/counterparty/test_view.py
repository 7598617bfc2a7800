"""A message is shown with names of fields and meanings of codes."""

from fixengine.counterparty.logs import read_log
from fixengine.counterparty.view import logged_lines, summary
from tests.support.fix.sides import raw

HEADER = "34=2|49=OMS1|52=20260302-09:30:00.000|56=FIXENGINE|"


def lines(text: str, begin: bytes = b"FIX.4.4") -> list[str]:
    (only,) = read_log([raw(text, begin)])
    return [*logged_lines(only)]


def line(tag: int, text: str, begin: bytes = b"FIX.4.4") -> str:
    (only,) = (each for each in lines(text, begin) if each.split()[0] == str(tag))
    return " ".join(only.split())


def test_a_message_is_shown_whole() -> None:
    shown = lines(f"35=0|{HEADER}112=x|")
    assert shown == [
        "line 1: Heartbeat(0), number 2, OMS1 to FIXENGINE, 20260302-09:30:00.000",
        "      8 BeginString              FIX.4.4",
        "      9 BodyLength               62",
        "     35 MsgType                  0 = Heartbeat",
        "     34 MsgSeqNum                2",
        "     49 SenderCompID             OMS1",
        "     52 SendingTime              20260302-09:30:00.000",
        "     56 TargetCompID             FIXENGINE",
        "    112 TestReqID                x",
        "     10 CheckSum                 199",
        "  length and checksum are right",
    ]


def test_a_code_is_shown_with_its_meaning_in_its_version() -> None:
    assert line(54, f"35=D|{HEADER}54=2|") == "54 Side 2 = Sell"
    assert line(150, f"35=8|{HEADER}150=F|") == "150 ExecType F = Trade"
    assert line(150, f"35=8|{HEADER}150=1|", b"FIX.4.2") == "150 ExecType 1 = PartialFill"


def test_several_codes_in_a_field_have_each_their_meaning() -> None:
    assert " = " in line(18, f"35=D|{HEADER}18=1 2|")
    assert line(18, f"35=D|{HEADER}18=1 2|").count(",") == 1


def test_a_field_or_a_message_that_is_not_known_is_shown_by_its_number() -> None:
    assert line(9999, f"35=ZZ|{HEADER}9999=x|") == "9999 x"
    assert "unknown(ZZ)" in lines(f"35=ZZ|{HEADER}")[0]


def test_a_version_that_is_not_known_is_shown_with_the_names_of_another() -> None:
    assert line(54, f"35=D|{HEADER}54=2|", b"FIXT.1.1") == "54 Side 2 = Sell"
    assert line(8, f"35=D|{HEADER}", b"FIXT.1.1") == "8 BeginString FIXT.1.1"


def test_passwords_are_not_shown() -> None:
    shown = "\n".join(lines(f"35=A|{HEADER}98=0|108=30|554=hunter2|925=hunter3|"))
    assert "hunter" not in shown
    assert "Password                 ***" in shown


def test_what_would_play_with_a_terminal_is_written_out() -> None:
    shown = line(58, f"35=3|{HEADER}58=\x1b[31m\x07ü|")
    assert shown.startswith(r"58 Text \x1b[31m\x07")


def test_what_is_wrong_with_the_frame_is_said_last() -> None:
    (only,) = read_log([raw(f"35=0|{HEADER}").replace(b"9=56", b"9=55")])
    wrong = [each for each in logged_lines(only) if each.startswith("  BAD: ")]
    assert wrong[0] == "  BAD: BodyLength(9) is 55, and 56 bytes are there"
    assert [*logged_lines(only)][-len(wrong) :] == wrong


def test_what_the_gateway_would_refuse_is_said_of_a_message_whose_frame_is_right() -> None:
    shown = lines(f"35=A|{HEADER}98=0|")
    assert shown[-1] == "  length and checksum are right, but: Required tag missing: 108"


def test_a_summary_says_what_became_of_an_order_or_what_is_wrong_with_a_message() -> None:
    said = "11=a|55=IBM|150=F|39=1|32=5|31=10.5|14=7|151=3|17=1-2|"
    assert of(f"35=8|{HEADER}{said}") == (
        "ExecutionReport: order a, of IBM, Trade, PartiallyFilled, "
        "filled 5, at 10.5, in all 7, left 3"
    )
    assert of(f"35=3|{HEADER}45=4|371=38|372=D|373=6|58=wrong|") == (
        "Reject: message 4, field 38, IncorrectDataFormatForValue, text wrong"
    )


def of(text: str) -> str:
    (only,) = read_log([raw(text)])
    return summary(only.message, only.dictionary)
