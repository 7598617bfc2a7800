"""The tables say what the standard says, and the script makes them again."""

from subprocess import CalledProcessError

import pytest

from fixengine.fix.dictionary import read_table, versions
from tests import fix_dictionary
from tests.programs import wanted


def test_a_table_is_read_as_its_description_says() -> None:
    known = read_table(
        """
version FIX.9.9
types 0=Heartbeat D=NewOrder
  Single=X
tags 1-3 7
data 2=3
field 1 Side char 1=Buy 2=Sell
field 7 NoParts NumInGroup
header 8!
trailer 10!
message D 1! 7(2 3!
  4(5))
"""
    )
    assert known.version == b"FIX.9.9"
    assert known.types[b"D"] == "NewOrder"
    assert known.tags == {1, 2, 3, 7}
    assert known.data_fields == {2: 3}
    assert known.fields[1].codes == {b"1": "Buy", b"2": "Sell"}
    body = known.messages[b"D"]
    assert (body.tags, body.required) == ({1, 7}, (1,))
    part = body.groups[7]
    assert (part.first, part.tags, part.required) == (2, {2, 3, 4}, (3,))
    assert part.groups[4].tags == {5}


@pytest.mark.parametrize("version", [b"FIX.4.2", b"FIX.4.4"])
def test_every_field_that_may_stand_somewhere_is_described(version: bytes) -> None:
    known = versions()[version]
    blocks = [known.header, known.trailer, *known.messages.values()]
    for block in blocks:
        blocks += block.groups.values()
        assert block.tags <= known.fields.keys() <= known.tags
        assert block.groups.keys() | set(block.required) <= block.tags
    assert known.messages.keys() <= known.types.keys()


@pytest.mark.parametrize("version", [b"FIX.4.2", b"FIX.4.4"])
def test_a_logon_may_have_a_username_and_a_password(version: bytes) -> None:
    assert {553, 554} <= versions()[version].messages[b"A"].tags


def test_the_script_makes_the_tables_again() -> None:
    if not fix_dictionary.JAR.exists():
        wanted("mvn")
    try:
        made = fix_dictionary.modules()
    except CalledProcessError:
        pytest.skip("needs FIX Orchestra from Maven Central")
    assert made == {name: (fix_dictionary.FOLDER / name).read_text("utf-8") for name in made}
