"""Those that are refused are found among many, with few tries where they are few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.halving import find_refused


class Trial:
    """Refuses these places; counts its tries, for so many of which there is time."""

    def __init__(self, refused: set[int], most: int = 10_000) -> None:
        self.tries = 0
        self.taken: list[int] = []
        self._refused = refused
        self._most = most

    def refusal(self, places: slice) -> str | None:
        self.tries += 1
        tried = range(places.start, places.stop)
        if self._refused.intersection(tried):
            return f"{min(self._refused.intersection(tried))} is refused"
        self.taken += tried
        return None

    def has_time(self) -> bool:
        return self.tries < self._most


@given(st.integers(0, 60), st.sets(st.integers(0, 59)), st.integers(0, 80))
def test_each_is_taken_or_refused_or_left_and_those_before_it_are_not_left(
    count: int, refused: set[int], most: int
) -> None:
    trial = Trial(refused, most)
    tried = find_refused(count, trial.refusal, has_time=trial.has_time)
    assert min(count, 1) <= tried.count <= count
    assert sorted([*trial.taken, *tried.refused]) == [*range(tried.count)]
    assert {*tried.refused} == {place for place in refused if place < tried.count}
    assert all(reason == f"{place} is refused" for place, reason in tried.refused.items())


@pytest.mark.parametrize(
    ("refused", "most"),
    [(set(), 2), ({400}, 40), (set(range(800)), 810)],
    ids=["none", "one", "all"],
)
def test_few_tries_find_those_that_are_refused(refused: set[int], most: int) -> None:
    trial = Trial(refused)
    find_refused(800, trial.refusal, has_time=trial.has_time)
    assert trial.tries <= most
