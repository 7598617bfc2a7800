"""A client of a gateway that says what a test writes, well formed or not, and hears all of it."""

from datetime import UTC, datetime

from fixengine.fix.framing import Frame, Framer
from tests.support.fix.client import shown_frame, written
from tests.support.fix.hall import Peer


class Hostile(Peer):
    """Messages are written as `35=0|34=2|`, and shown so; it keeps no numbers."""

    def __init__(
        self, port: int, name: str, *, kept: int | None = None, of: str | None = None
    ) -> None:
        super().__init__(port, kept=kept, of=of)
        self._name = name
        self._framer = Framer()

    def logged_on(self, text: str = "34=1|98=0|108=30|") -> "Hostile":
        """Log on, and forget the answer."""
        self.speaks(f"35=A|{text}")
        (answer,) = self.answers(1)
        assert answer.startswith("35=A|"), answer
        return self

    def written(self, *texts: str) -> bytes:
        """Return the bytes of messages."""
        now = datetime.now(UTC)
        return b"".join(written(text, self._name, "FIXENGINE", now) for text in texts)

    def speaks(self, *texts: str) -> None:
        """Send messages in one piece."""
        self.says(self.written(*texts))

    def answers(self, count: int) -> list[str]:
        """Return so many messages, or those before the end."""
        found: list[str] = []
        while len(found) < count:
            frame = self._framer.next()
            if frame is None:
                data = self.hears_some()
                if not data:
                    break
                self._framer.feed(data)
            else:
                assert isinstance(frame, Frame), frame
                found.append(shown_frame(frame))
        return found

    def asks(self, *texts: str) -> list[str]:
        """Send messages; return as many."""
        self.speaks(*texts)
        return self.answers(len(texts))
