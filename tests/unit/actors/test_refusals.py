"""How long fills that the broker refused keep it from being well."""

from fixengine.actors.refusals import FORGOTTEN_AFTER, Refusals


def test_refused_fills_count_until_they_get_through() -> None:
    refusals = Refusals()
    assert refusals.reason() == ""
    refusals.refused((1, 1), "failed to validate record")
    refusals.refused((2, 1), "not enough replicas")
    refusals.accepted([(3, 1), (2, 1)])
    assert refusals.reason() == "fills are refused, 1 of them wait: failed to validate record"
    refusals.accepted([(1, 1)])
    assert refusals.reason() == ""


def test_what_is_not_tried_again_is_forgotten() -> None:
    now = 0.0
    refusals = Refusals(lambda: now)
    refusals.refused((1, 1), "refused")
    refusals.refused((2, 1), "refused")
    now += FORGOTTEN_AFTER - 1
    refusals.refused((1, 1), "refused again")
    now += 2
    assert refusals.reason() == "fills are refused, 1 of them wait: refused again"
