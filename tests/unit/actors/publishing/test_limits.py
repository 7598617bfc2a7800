"""Limits that contradict each other are refused where they are given."""

import pytest

from fixengine.actors.publishing.limits import PublisherLimits


def test_a_refused_fill_is_told_of_until_it_was_tried_again() -> None:
    with pytest.raises(ValueError, match="forgotten before it is tried again"):
        PublisherLimits(refused_for=25)


def test_a_stop_has_time_for_more_than_one_reply() -> None:
    with pytest.raises(ValueError, match="all the time of a stop"):
        PublisherLimits(repository_within_in_a_stop=2.5)
