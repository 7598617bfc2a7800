"""Each order, and each number of an execution, is of one database alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.shards import MOST, WHOLE, Shard

numbers = st.integers(-(2**31), 2**31 - 1)
counts = st.integers(1, MOST)


@given(number=numbers, of=counts)
def test_a_number_is_of_one_shard_alone(number: int, of: int) -> None:
    assert sum(Shard(each, of).has(number) for each in range(1, of + 1)) == 1


@given(number=numbers, of=counts, data=st.data())
def test_the_next_number_is_the_nearest_of_the_same_shard(
    number: int, of: int, data: st.DataObject
) -> None:
    shard = Shard(data.draw(st.integers(1, of)), of)
    following = shard.next_after(number)
    assert number < following <= number + of
    assert shard.has(following)


def test_the_numbers_of_a_shard_begin_with_its_own() -> None:
    assert [Shard(each, 3).next_after(0) for each in (1, 2, 3)] == [1, 2, 3]


def test_a_single_database_has_all_and_the_group_that_is_set() -> None:
    assert Shard.parse("1/1") == WHOLE
    assert all(WHOLE.has(number) for number in range(-5, 5))
    assert WHOLE.group("fix_engine") == "fix_engine"


def test_each_shard_has_a_group_of_its_own() -> None:
    """A group whose members belong to two databases would lose what either passes over."""
    shards = [Shard(number, of) for of in range(1, 13) for number in range(1, of + 1)]
    assert len({shard.group("fix_engine") for shard in shards}) == len(shards)


def test_one_shard_alone_has_what_is_no_order() -> None:
    assert [Shard(each, 3).has_what_is_no_order for each in (1, 2, 3)] == [True, False, False]


@given(of=counts, data=st.data())
def test_a_shard_is_read_as_it_is_written(of: int, data: st.DataObject) -> None:
    shard = Shard(data.draw(st.integers(1, of)), of)
    assert Shard.parse(str(shard)) == shard


@pytest.mark.parametrize(
    "text",
    ["", "1", "0/2", "3/2", "1/0", "1/1001", "01/2", "1/ 2", "-1/2", "1/2\n", "1/2/3", "1/٢"],
)
def test_any_other_text_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="1/2"):
        Shard.parse(text)
