"""The example of a supervisor in the kit's own words runs."""

import doctest

from fixengine import supervision


def test_the_example_of_a_supervisor_runs() -> None:
    result = doctest.testmod(supervision, raise_on_error=False)
    assert result.attempted > 15
    assert result.failed == 0
