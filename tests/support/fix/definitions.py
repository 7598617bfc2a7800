"""QuickFIX's acceptance definitions, played against a session with a clock of its own.

They come from the module cache of Go, as their licence is not ours. A definition is a script:
`I` what the client sends, `E` what it has to receive, `i` and `e` what happens to connections.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fixengine.fix import tags
from fixengine.fix.door import Door, Knock
from fixengine.fix.framing import encode
from fixengine.fix.message import Field, Message
from fixengine.fix.settings import Settings
from tests.programs import wanted
from tests.support.fix.sides import Books, Clock, Reply, Side

_MODULE = "github.com/quickfixgo/quickfix@v0.9.10"
_FETCH_SECONDS = 300
_LINE = re.compile(r"([IEie])(?:(\d),)?(.*)")
_TIME = re.compile(r"<TIME(?:([+-]\d+))?>")
_BY_PATTERN = frozenset((b"9", b"10", b"42", b"52", b"60", b"122"))
_PATIENCE_SECONDS = 30.0


def folder() -> Path:
    """Return where the definitions are; skip the test where Go or its proxy is not there."""
    done = subprocess.run(
        [wanted("go"), "mod", "download", "-json", _MODULE],
        capture_output=True,
        text=True,
        timeout=_FETCH_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"needs {_MODULE} from Go's proxy")
    return Path(json.loads(done.stdout)["Dir"]) / "_test" / "definitions"


class Echo:
    """Sends orders and security definitions back, and says of all else that it can't."""

    def __init__(self) -> None:
        self._orders: set[bytes | None] = set()

    def __call__(self, message: Message) -> list[Reply]:
        if message.kind == tags.REJECT:
            return []
        if message.kind not in {b"D", b"d"}:
            seq = message.get(tags.MSG_SEQ_NUM) or b""
            said = (b"45", seq), (b"58", b"Unsupported Message Type"), (b"372", message.kind)
            return [(b"j", (*((int(tag), value) for tag, value in said), (380, b"3")))]
        order = message.get(11)
        is_known = message.kind == b"D" and order in self._orders
        self._orders.add(order)
        if is_known and message.is_set(97):
            return []
        return [(message.kind, tuple(sorted(self._body(message))))]

    @staticmethod
    def _body(message: Message) -> Iterator[Field]:
        own = {35, 34, 43, 49, 52, 56, 122}
        return (each for each in message.fields if each[0] not in own)


class Player:
    """Plays one definition; AssertionError says where it went otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = Clock()
        self._lines: dict[str, _Connection] = {}

    def play(self, script: str) -> None:
        for line in script.splitlines():
            found = _LINE.fullmatch(line.strip("\r\n"))
            if found is None:
                continue
            action, number, text = found[1], found[2] or "1", found[3]
            match action:
                case "i" if text.startswith("CONNECT"):
                    self._lines[number] = _Connection(self, self._clock, self._settings)
                case "i" if text.startswith("SET_SESSION"):
                    name, _, value = text.split()[-1].partition("=")
                    which = "next_out" if name == "NEXTSENDERSEQNUM" else "next_in"
                    setattr(self._lines[number].books, which, int(value))
                case "i":
                    self._lines.pop(number).lose()
                case "I":
                    self._lines[number].receive(self._written(text))
                case "E":
                    self._lines[number].expect(text.encode("latin-1"))
                case "e":
                    self._lines[number].expect_the_end()

    def is_taken(self, by: "_Connection") -> bool:
        """Say whether another connection has the session."""
        return any(each.has_session for each in self._lines.values() if each is not by)

    def _written(self, text: str) -> bytes:
        def time(found: re.Match[str]) -> str:
            moment = self._clock.now.utc + timedelta(seconds=int(found[1] or 0))
            return f"{moment:%Y%m%d-%H:%M:%S}"

        message = _TIME.sub(time, text).encode("latin-1")
        fields = message.rstrip(b"\x01").split(b"\x01")
        if not fields[0].startswith(b"8=") or any(each.startswith(b"9=") for each in fields):
            if any(each.startswith(b"10=") for each in fields):
                return message
            return message + b"10=%03d\x01" % (sum(message) % 256)
        last = [each for each in fields if each.startswith(b"10=")]
        body = b"".join(each + b"\x01" for each in fields[1:] if each not in last)
        whole = encode(fields[0].removeprefix(b"8="), body)
        return whole[: -len(b"10=000|")] + last[0] + b"\x01" if last else whole


class _Connection:
    def __init__(self, player: Player, clock: Clock, settings: Settings) -> None:
        self.books = Books()
        self.has_session = False
        self._player = player
        self._clock = clock
        self._door: Door | None = Door(clock.ticks)
        self._side = Side(settings, clock, Echo())
        self._settings = settings
        self._sent = b""
        self._is_closed = False

    def lose(self) -> None:
        self._side.session.lose()
        self.has_session = False

    def receive(self, data: bytes) -> None:
        if self._door is None:
            self._take(self._side.perform(self._side.session.received(self._clock.now, data)))
            return
        came = self._door.received(data)
        settings = self._settings
        if isinstance(came, Knock):
            ours = (came.sender, came.target, came.dictionary) == (
                settings.peer,
                settings.own,
                settings.dictionary,
            )
            if ours and not self._player.is_taken(self):
                self._side.books = self.books
                session = self._side.begin()
                self.has_session = True
                effects = session.accept(self._clock.now, came.logon, self._door.framer)
                self._door = None
                self._take(self._side.perform(effects))
                return
        self._is_closed = came is not None

    def expect(self, text: bytes) -> None:
        wanted_fields = text.rstrip(b"\x01").split(b"\x01")
        self._wait(lambda: bool(self._sent))
        end = self._sent.index(b"\x01", self._sent.index(b"\x0110=") + 1) + 1
        message, self._sent = self._sent[:end], self._sent[end:]
        got = message.rstrip(b"\x01").split(b"\x01")
        assert _shown(got) == _shown(wanted_fields)

    def expect_the_end(self) -> None:
        self._wait(lambda: self._is_closed)
        assert self._sent == b""
        self.has_session = False

    def _take(self, data: bytes) -> None:
        self._sent += data
        self._is_closed = self._side.why is not None

    def _wait(self, until: Callable[[], bool]) -> None:
        limit = self._clock.ticks + _PATIENCE_SECONDS
        while not until():
            due = self._side.session.due if self._door is None else self._door.due
            assert due is not None, f"nothing comes; {self._side.why}"
            assert due < limit, "nothing comes for too long"
            self._clock.reach(due)
            if self._door is None:
                self._take(self._side.perform(self._side.session.passed(self._clock.now)))
            else:
                self._is_closed = self._door.passed(self._clock.ticks) is not None


def _shown(fields: list[bytes]) -> list[bytes]:
    """Leave the times out, and lengths and checksums, which the definitions have wrong."""
    pairs = (each.partition(b"=") for each in fields)
    return [
        tag + b"=" + (b"*" if tag in _BY_PATTERN else value)
        for tag, _, value in pairs
        if tag not in {b"9", b"10"}
    ]
