from fixengine.ports.stores import Backlog
from fixengine.telemetry.backlog import WINDOW, RecentBacklog


def look(inserts: int) -> Backlog:
    return Backlog(due=1, oldest_due_age=0, unpublished=0, ledger_inserts=inserts, clock=0)


def test_nothing_is_known_before_the_first_look() -> None:
    recent = RecentBacklog()
    assert recent.backlog(now=0) is None
    assert recent.fills_per_second(now=0) is None


def test_one_look_tells_no_rate() -> None:
    recent = RecentBacklog()
    recent.saw(look(100), now=0)
    assert recent.backlog(now=1) == look(100)
    assert recent.fills_per_second(now=1) is None


def test_the_rate_is_that_of_the_last_seconds() -> None:
    recent = RecentBacklog()
    for second in range(0, 41, 2):
        recent.saw(look(5 * second if second <= 30 else 150 + 70 * (second - 30)), now=second)
    assert recent.fills_per_second(now=40) == 70


def test_old_looks_do_not_count() -> None:
    recent = RecentBacklog()
    recent.saw(look(0), now=0)
    recent.saw(look(10), now=2)
    assert recent.backlog(now=2 + WINDOW) == look(10)
    assert recent.fills_per_second(now=1 + WINDOW) is None
    assert recent.backlog(now=3 + WINDOW) is None


def test_statistics_that_began_anew_tell_no_rate() -> None:
    recent = RecentBacklog()
    recent.saw(look(1000), now=0)
    recent.saw(look(3), now=2)
    assert recent.fills_per_second(now=2) is None
