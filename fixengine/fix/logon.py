"""What a Logon says, and what may be wrong with that of a peer."""

from fixengine.fix import tags
from fixengine.fix.message import Field, Message, whole
from fixengine.fix.settings import SessionSettings

_NO_ENCRYPTION = b"0"


def fields(heartbeat: int, *, reset: bool, next_expected: int | None) -> tuple[Field, ...]:
    """Return the fields of a Logon of ours."""
    return (
        (tags.ENCRYPT_METHOD, _NO_ENCRYPTION),
        (tags.HEART_BT_INT, b"%d" % heartbeat),
        *(((tags.RESET_SEQ_NUM_FLAG, b"Y"),) if reset else ()),
        *(
            ()
            if next_expected is None
            else ((tags.NEXT_EXPECTED_MSG_SEQ_NUM, b"%d" % next_expected),)
        ),
    )


def objection(message: Message, seq: int, next_out: int, settings: SessionSettings) -> str | None:
    """Return why a peer's Logon can't be taken, if so; `next_out` is the number of our answer."""
    shortest, longest = settings.shortest_heartbeat_seconds, settings.longest_heartbeat_seconds
    interval = whole(message.get(tags.HEART_BT_INT))
    wanted = whole(message.get(tags.NEXT_EXPECTED_MSG_SEQ_NUM))
    if message.get(tags.ENCRYPT_METHOD) != _NO_ENCRYPTION:
        return "EncryptMethod(98) must be 0: use TLS"
    if message.is_set(tags.TEST_MESSAGE_INDICATOR):
        return "TestMessageIndicator(464) must be N or left out: this session is no test"
    if interval is None or not shortest <= interval <= longest:
        return f"HeartBtInt(108) must be {shortest} to {longest}"
    if message.is_set(tags.RESET_SEQ_NUM_FLAG) and seq != 1:
        return f"MsgSeqNum must be 1 where ResetSeqNumFlag(141) is Y, but is {seq}"
    if wanted is not None and wanted > next_out:
        return (
            "Tag 789 (NextExpectedMsgSeqNum) is higher than expected. "
            f"Expected {next_out}, Received {wanted}"
        )
    return "NextExpectedMsgSeqNum(789) must be 1 or more" if wanted == 0 else None
