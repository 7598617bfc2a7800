"""How long what failed counts."""

from fixengine.telemetry.troubles import Troubles


def test_what_failed_counts_until_it_works() -> None:
    troubles = Troubles[str](over_after=20)
    assert troubles.reasons() == ()
    troubles.failed("store", "no room")
    troubles.failed("claim", "no right")
    troubles.failed("store", "no room yet")
    assert troubles.reasons() == ("no room yet", "no right")
    assert troubles.worked("store")
    assert not troubles.worked("store")
    assert troubles.reasons() == ("no right",)


def test_what_is_not_tried_again_is_forgotten() -> None:
    now = 0.0
    troubles = Troubles[str](over_after=20, clock=lambda: now)
    troubles.failed("store", "no room")
    troubles.failed("claim", "no right")
    now += 19
    troubles.failed("store", "no room yet")
    now += 2
    assert troubles.reasons() == ("no room yet",)
