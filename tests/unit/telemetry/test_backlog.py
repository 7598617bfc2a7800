from fixengine.ports.stores import Backlog
from fixengine.telemetry.backlog import WINDOW, Pulse


def look(inserts: int) -> Backlog:
    return Backlog(due=1, oldest_due_age=0, unpublished=0, ledger_inserts=inserts)


def test_nothing_is_known_before_the_first_look() -> None:
    pulse = Pulse()
    assert pulse.backlog(now=0) is None
    assert pulse.fills_per_second(now=0) is None


def test_one_look_tells_no_rate() -> None:
    pulse = Pulse()
    pulse.saw(look(100), now=0)
    assert pulse.backlog(now=1) == look(100)
    assert pulse.fills_per_second(now=1) is None


def test_the_rate_is_that_of_the_last_seconds() -> None:
    pulse = Pulse()
    for second in range(0, 41, 2):
        pulse.saw(look(5 * second if second <= 30 else 150 + 70 * (second - 30)), now=second)
    assert pulse.fills_per_second(now=40) == 70


def test_old_looks_do_not_count() -> None:
    pulse = Pulse()
    pulse.saw(look(0), now=0)
    pulse.saw(look(10), now=2)
    assert pulse.backlog(now=2 + WINDOW) == look(10)
    assert pulse.fills_per_second(now=1 + WINDOW) is None
    assert pulse.backlog(now=3 + WINDOW) is None


def test_statistics_that_began_anew_tell_no_rate() -> None:
    pulse = Pulse()
    pulse.saw(look(1000), now=0)
    pulse.saw(look(3), now=2)
    assert pulse.fills_per_second(now=2) is None
