"""For an actor that is tried alone."""

from fixengine.ports import ActorState


class NoTree:
    """Nobody is supervised."""

    def snapshot(self) -> list[ActorState]:
        return []

    def hung(self, limit: float) -> list[str]:
        return []
