"""Our side of the line: messages get their numbers, are written, and are sent again when asked for.

While numbers are sent again, new messages of the application wait: they get their numbers, and go
out when their turn comes, from where they are kept. So do those that have a number before the peer
is logged on. Administrative messages never wait, and are never sent again: a GapFill stands for
them.
"""

from collections.abc import Iterable
from datetime import datetime

from fixengine.fix import tags
from fixengine.fix.effects import Effect, Fetch, Numbered, Transmit
from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import encode
from fixengine.fix.message import Field, body_of
from fixengine.fix.pulse import Pulse
from fixengine.fix.settings import Moment, SessionSettings

PAGE = 500
"""So many numbers are read at once, so that a request for a million takes no more memory."""

_HEADER = b"35=%b\x0134=%d\x01%b49=%b\x0152=%b\x0156=%b\x01%b"


class Outbound:
    """Numbers and writes; what is to be done goes to `effects`, which the session shares."""

    def __init__(self, settings: SessionSettings, next_out: int, effects: list[Effect]) -> None:
        self.next_out = next_out
        self.is_open = False
        self.pulse = Pulse(0, 0)
        self._settings = settings
        self._effects = effects
        self._withheld: int | None = None  # the first number that waits for its turn
        self._page: Fetch | None = None  # what is being read to be sent again
        self._told = 0  # the next number that the peer has to hear of
        self._last = 0  # the last that it asked for

    @property
    def is_sending_again(self) -> bool:
        """Say whether numbers are being sent again, so that what is new has to wait."""
        return self._page is not None

    def number(self, now: Moment, kind: bytes, fields: tuple[Field, ...]) -> None:
        """Give a message its number, and send it unless it has to wait."""
        seq = self.next_out
        self.next_out += 1
        is_ours = kind in tags.ADMINISTRATIVE
        body = self._body(fields)
        self._effects.append(Numbered(seq, kind, b"" if is_ours else body, now.utc))
        if is_ours or (self.is_open and self._page is None):
            self._write(now, seq, kind, body)
        elif self._withheld is None:
            self._withheld = seq

    def open(self) -> None:
        """Let messages of the application go out, those first that had to wait."""
        self.is_open = True
        if self._withheld is not None and self._page is None:
            self.resend(self._withheld, self.next_out - 1)

    def restart(self) -> None:
        """Begin at 1 again."""
        self.next_out = 1
        self._withheld = self._page = None

    def resend(self, first: int, last: int) -> None:
        """Begin to send numbers again, the last included; at an earlier one if that is going on.

        What was asked for before is sent all the same: some peers ask for one piece after another.
        """
        self._last = last if self._page is None else max(self._last, last)
        if self._page is None or first < self._told:
            self._told = first
            self._fetch(first)

    def fetched(self, now: Moment, page: Fetch, kept: Iterable[Numbered]) -> None:
        """Send what was kept, and ask for the next page, or end."""
        if page != self._page:
            return  # the peer asked for other numbers meanwhile
        for each in kept:
            if each.kind not in tags.ADMINISTRATIVE:
                self._fill(now, each.seq)
                is_new = self._withheld is not None and each.seq >= self._withheld
                self._write(now, each.seq, each.kind, each.body, None if is_new else each.sent_at)
                if is_new:  # the peer may ask for it before all that waited are sent
                    self._withheld = each.seq + 1
                self._told = each.seq + 1
        if self._withheld is not None:
            self._last = self.next_out - 1
        if page.last < self._last:
            self._fetch(page.last + 1)
        else:
            self._fill(now, self._last + 1)
            self._withheld = self._page = None

    def _fetch(self, first: int) -> None:
        if self._page in self._effects:  # many requests came at once: only the last is read for
            self._effects.remove(self._page)
        self._page = Fetch(first, min(first + PAGE - 1, self._last))
        self._effects.append(self._page)

    def _fill(self, now: Moment, until: int) -> None:
        """Tell the peer that up to a number there is nothing to send again."""
        if self._told < until:
            fields = ((tags.NEW_SEQ_NO, b"%d" % until), (tags.GAP_FILL_FLAG, b"Y"))
            self._write(now, self._told, tags.SEQUENCE_RESET, self._body(fields), now.utc)

    def _body(self, fields: tuple[Field, ...]) -> bytes:
        """Write fields down, those of the header first."""
        known = self._settings.dictionary
        header = known.header.tags
        ahead = [field for field in fields if field[0] in header]
        if ahead:
            fields = (*sorted(ahead), *(field for field in fields if field[0] not in header))
        return body_of(fields, known.data_fields)

    def _write(
        self, now: Moment, seq: int, kind: bytes, body: bytes, sent_before: datetime | None = None
    ) -> None:
        """Write a message: what a session gives it, then what it says."""
        agreed = self._settings
        again = first_sent = b""
        if sent_before is not None:
            again, first_sent = b"43=Y\x01", b"122=%b\x01" % write_timestamp(sent_before)
        sent = write_timestamp(now.utc)
        header = _HEADER % (kind, seq, again, agreed.own, sent, agreed.peer, first_sent)
        self._effects.append(Transmit(encode(agreed.dictionary.version, header + body)))
        self.pulse.sent(now.ticks)
