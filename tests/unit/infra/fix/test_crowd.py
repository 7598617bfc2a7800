"""Of strangers that are too many, those go whose owner has most of them, the oldest first."""

from dataclasses import dataclass

from fixengine.infra.fix.crowd import Crowd


@dataclass(frozen=True)
class Stranger:
    address: str
    number: int = 0


def crowd(*strangers: Stranger) -> Crowd[Stranger]:
    made: Crowd[Stranger] = Crowd()
    for each in strangers:
        made.add(each)
    return made


def test_nobody_is_the_first_to_go_where_nobody_waits() -> None:
    assert crowd().first_to_go() is None


def test_the_oldest_goes_of_the_address_that_has_most() -> None:
    alone, first, second = Stranger("10.0.0.1"), Stranger("10.0.0.2", 1), Stranger("10.0.0.2", 2)
    assert crowd(alone, first, second).first_to_go() == first


def test_where_all_have_as_many_the_oldest_goes() -> None:
    first, second = Stranger("10.0.0.1"), Stranger("10.0.0.2")
    assert crowd(first, second).first_to_go() == first


def test_addresses_that_one_owner_can_choose_from_count_as_one() -> None:
    alone, first, second = Stranger("10.0.0.1"), Stranger("2001:db8::1"), Stranger("2001:db8::2")
    assert crowd(alone, first, second).first_to_go() == first


def test_who_is_no_stranger_any_more_is_forgotten() -> None:
    first, second = Stranger("10.0.0.1", 1), Stranger("10.0.0.1", 2)
    made = crowd(first, second)
    made.remove(first)
    assert (first in made, len(made), made.first_to_go()) == (False, 1, second)
    made.remove(second)
    assert (second in made, len(made), made.first_to_go()) == (False, 0, None)
