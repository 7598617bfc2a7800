"""What an actor tells itself later, once, however often it asks for that."""

from fixengine.supervision.actor import Actor


class Reminder:
    """One message of an actor to itself; for use in its own thread."""

    def __init__(self, actor: Actor, message: object) -> None:
        self._actor = actor
        self._message = message
        self._is_set = False

    def set(self, seconds: float = 0) -> None:
        """Have the actor told in so many seconds, unless it is to be told already."""
        if self._is_set:
            return
        self._is_set = True
        if seconds:
            self._actor.tell_later(seconds, self._message)
        else:
            self._actor.actor_ref.tell(self._message)

    def came(self) -> None:
        """Take note that the actor was told: it may ask for it again."""
        self._is_set = False
