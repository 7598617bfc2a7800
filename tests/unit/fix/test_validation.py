"""A message is refused for the first thing in it that the dictionary doesn't have."""

import pytest

from fixengine.fix.dictionary import Dictionary, versions
from fixengine.fix.faults import Fault, Reason
from fixengine.fix.framing import Frame
from fixengine.fix.message import parse
from fixengine.fix.validation import validate
from tests.support.fix.sides import FIX44

FIX42 = versions()[b"FIX.4.2"]
TIME = "20260302-09:30:00"
HEAD = f"34=2|49=A|52={TIME}|56=B|"
ORDER = f"35=D|{HEAD}11=1|54=1|60={TIME}|40=1|"


def fault(text: str, dictionary: Dictionary = FIX44) -> Fault | None:
    body = text.replace("|", "\x01").encode("latin-1")
    message = parse(Frame(dictionary.version, body), dictionary.data_fields)
    return validate(message, dictionary)


@pytest.mark.parametrize(
    "text",
    [
        f"35=0|{HEAD}",
        ORDER,
        f"{ORDER}55=A|38=100|59=0|58=l\xe4ut|",
        f"{ORDER}18=1 2 G|",
        f"{ORDER}48=68bda020e3644b42ebcb2bd3|22=100|",
        f"{ORDER}386=2|336=a|625=b|336=c|38=1|",
        f"{ORDER}453=1|448=a|447=D|452=1|802=2|523=x|803=1|523=y|38=1|",
        f"{ORDER}453=0|38=1|",
        f"{ORDER}354=3|355=a\x01b|",
        f"35=D|{HEAD}60={TIME}|40=1|54=1|11=1|",
        f"35=6|{HEAD}23=anything, as nobody speaks it|",
        f"35=5|{HEAD}58=bye|",
        f"{ORDER}93=3|89=abc|",
        f"35=8|{HEAD}37=1|17=2|150=0|39=0|54=1|151=0|14=0|6=0|136=1|137=5|138=USD|139=10|",
    ],
)
def test_a_good_message_has_no_fault(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "reason", "tag"),
    [
        (f"35=*|{HEAD}", Reason.MSG_TYPE, None),
        (f"35=|{HEAD}", Reason.MSG_TYPE, None),
        (f"35=0|{HEAD}999=x|", Reason.INVALID_TAG, 999),
        (f"35=0|{HEAD}5000=x|", Reason.INVALID_TAG, 5000),
        (f"35=0|{HEAD}-1=x|", Reason.INVALID_TAG, -1),
        (f"35=0|{HEAD}55=x|", Reason.TAG_NOT_DEFINED, 55),
        (f"35=0|34=2|49=A|52={TIME}|", Reason.REQUIRED_TAG_MISSING, 56),
        (f"35=D|{HEAD}54=1|60={TIME}|40=1|", Reason.REQUIRED_TAG_MISSING, 11),
        (f"35=0|34=2|49=A|52={TIME}|56=|", Reason.NO_VALUE, 56),
        (f"{ORDER}55=|", Reason.NO_VALUE, 55),
        (f"{ORDER}59=Z|", Reason.OUT_OF_RANGE, 59),
        (f"{ORDER}18=1 Ü|", Reason.OUT_OF_RANGE, 18),
        (f"{ORDER}22=K|", Reason.OUT_OF_RANGE, 22),
        (f"{ORDER}22=1000|", Reason.OUT_OF_RANGE, 22),
        (f"{ORDER}22=099|", Reason.OUT_OF_RANGE, 22),
        (f"{ORDER}38=+1|", Reason.DATA_FORMAT, 38),
        (f"{ORDER}126=20260302|", Reason.DATA_FORMAT, 126),
        (f"35=0|34=x|49=A|52={TIME}|56=B|", Reason.DATA_FORMAT, 34),
        (f"{ORDER}40=1|", Reason.TAG_TWICE, 40),
        (f"35=D|{HEAD}34=2|", Reason.TAG_TWICE, 34),
        (f"35=D|11=1|{HEAD}", Reason.TAG_ORDER, 34),
        (f"{ORDER}49=A|", Reason.TAG_TWICE, 49),
        (f"{ORDER}8=FIX.4.4|", Reason.TAG_TWICE, 8),
        (f"{ORDER}10=000|", Reason.TAG_TWICE, 10),
        (f"{ORDER}93=3|89=abc|55=A|", Reason.TAG_ORDER, 55),
        (f"{ORDER}386=3|336=a|336=b|", Reason.GROUP_COUNT, 386),
        (f"{ORDER}386=1|336=a|336=b|", Reason.GROUP_COUNT, 386),
        (f"{ORDER}386=1|", Reason.GROUP_COUNT, 386),
        (f"{ORDER}386=999999|336=a|", Reason.GROUP_COUNT, 386),
        (f"{ORDER}386=1|625=b|336=a|", Reason.GROUP_ORDER, 625),
        (f"{ORDER}386=1|336=a|625=b|625=c|", Reason.TAG_TWICE, 625),
        (f"{ORDER}386=x|336=a|", Reason.DATA_FORMAT, 386),
        (f"{ORDER}336=a|", Reason.TAG_NOT_DEFINED, 336),
        (f"{ORDER}453=1|448=a|802=2|523=x|38=1|", Reason.GROUP_COUNT, 802),
        (f"35=6|{HEAD}34=2|", Reason.TAG_TWICE, 34),
    ],
)
def test_the_first_fault_is_named(text: str, reason: Reason, tag: int | None) -> None:
    assert fault(text) == Fault(reason, tag)


def test_another_version_has_other_fields() -> None:
    order = f"{ORDER}21=1|55=A|"
    assert fault(order, FIX42) is None
    assert fault(f"{order}453=0|", FIX42) == Fault(Reason.INVALID_TAG, 453)
    assert fault(ORDER, FIX42) == Fault(Reason.REQUIRED_TAG_MISSING, 21)


def test_a_message_of_many_fields_is_refused_without_a_look_at_all_of_them() -> None:
    assert fault(ORDER + "58=x|" * 30_000) == Fault(Reason.OTHER)
