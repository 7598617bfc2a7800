"""What a thread of its own does over and over: an error is told of, and ends neither."""

from collections.abc import Callable

from fixengine.recurring import Recurring


class Duty:
    """A thread's edge. Actors have theirs: the supervisor restarts one that crashes."""

    def __init__(self, what: str) -> None:
        """Take what it is for: `to …`."""
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
