"""The first message of a connection is a Logon, or the connection closes."""

import pytest

from fixengine.fix.door import LONGEST_COMP_ID, Door, Knock
from fixengine.fix.effects import Disconnect
from fixengine.fix.framing import Frame
from tests.support.fix.sides import raw

LOGON = raw("35=A|34=1|49=CLIENT|52=20260302-09:30:00|56=ENGINE|98=0|108=30|")


def test_a_logon_is_a_knock_and_what_follows_stays_in_the_framer() -> None:
    door = Door(0)
    follows = raw("35=0|34=2|")
    for byte in LOGON[:-1]:
        assert door.received(bytes([byte])) is None
    knock = door.received(LOGON[-1:] + follows)
    assert isinstance(knock, Knock)
    assert (knock.sender, knock.target, knock.logon.get(108)) == (b"CLIENT", b"ENGINE", b"30")
    assert isinstance(door.framer.next(), Frame)
    assert door.framer.next() is None


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n" + LOGON, "garbled: no BeginString"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "garbled: no BeginString"),
        (LOGON.replace(b"10=", b"10=9"), "garbled: no checksum"),
        (raw("35=0|34=1|49=CLIENT|56=ENGINE|"), "no Logon"),
        (raw("35=A|34=1|49=CLIENT|98=0|"), "no Logon with two CompIDs"),
        (raw("35=A|34=1|49=|56=ENGINE|98=0|"), "no Logon with two CompIDs"),
        (raw(f"35=A|34=1|49={'X' * 129}|56=ENGINE|98=0|"), "longer than 128 bytes"),
        (raw(f"35=A|34=1|49=CLIENT|56={'X' * 129}|98=0|"), "longer than 128 bytes"),
        (raw("35=A|34=1|49=CLIENT|56=ENGINE|98=0|", b"FIX.4.3"), "FIX.4.3 is not spoken"),
    ],
)
def test_who_begins_otherwise_is_shown_out(first: bytes, why: str) -> None:
    shown_out = Door(0).received(first)
    assert isinstance(shown_out, Disconnect)
    assert why in shown_out.why


def test_names_may_be_long() -> None:
    name = "X" * LONGEST_COMP_ID
    assert isinstance(Door(0).received(raw(f"35=A|34=1|49={name}|56={name}|98=0|")), Knock)


def test_who_says_nothing_is_shown_out_after_ten_seconds() -> None:
    door = Door(5)
    assert door.due == 15
    assert door.passed(14.9) is None
    assert isinstance(door.passed(15), Disconnect)
