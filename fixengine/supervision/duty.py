"""What a thread does over and over: an error is logged, and the thread goes on."""

from collections.abc import Callable

from fixengine.recurring import Recurring


class Duty:
    """The edge of a thread that is no actor. The supervisor restarts actors that crash."""

    def __init__(self, what: str) -> None:
        """Take what the thread is for, as `to export metrics`."""
        self._what = what
        self._failed = Recurring("ERROR", "a thread failed in its duty, it goes on")

    def done(self, step: Callable[[], object]) -> bool:
        """Do a step of it; say whether that went well."""
        try:
            step()
        except BaseException as error:  # noqa: BLE001  nothing may leave the thread
            self._failed.happened(exception=error, duty=self._what)
            return False
        return True
