"""QuickFIX's acceptance definitions, and what plays them against any side that can be called.

They come from the module cache of Go, as their licence is not ours. A definition is a script:
`I` what the client sends, `E` what it has to receive, `i` and `e` what happens to connections.
"""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from fixengine.fix.framing import encode
from tests.programs import wanted

_MODULE = "github.com/quickfixgo/quickfix@v0.9.10"
_FETCH_SECONDS = 300
_LINE = re.compile(r"([IEie])(?:(\d),)?(.*)")
_TIME = re.compile(r"<TIME(?:([+-]\d+))?>")
_BY_PATTERN = frozenset((b"9", b"10", b"42", b"52", b"60", b"122"))

NUMBER_OF = {"42": 58, "44": 59}
"""So many definitions has each version; 4.2 has none of a session that is reset."""

ANSWERED_TOO_LOW = frozenset({"8_OnlyAdminMessages.def"})
"""It wants a ResendRequest answered whose number is too low, and which is no duplicate.

All others hold in every field that is not a time, the texts of Logouts too.
"""


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


def scripts(version: str) -> dict[str, str]:
    """Return the definitions of a version, such as 44, by their names."""
    files = sorted((folder() / "server" / f"fix{version}").glob("*.def"))
    assert len(files) == NUMBER_OF[version]
    return {each.name: each.read_text("latin-1") for each in files}


CLIENT = "TW"
"""The client's name in the definitions, which say lengths: another has to be as long."""


class Line(Protocol):
    """A connection of a definition's client, which may have another name."""

    @property
    def client(self) -> str: ...

    def receive(self, data: bytes) -> None:
        """Send these bytes."""

    def next_message(self) -> bytes:
        """Return what comes next, once it is there; AssertionError if it never is."""

    def expect_the_end(self) -> None:
        """Return once the other side has closed it without another word, or AssertionError."""

    def lose(self) -> None:
        """Close it."""


class Player:
    """Plays one definition; AssertionError says where it went otherwise."""

    def __init__(self, connect: Callable[[], Line], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now
        self._lines: dict[str, Line] = {}

    def play(self, script: str) -> None:
        try:
            for line in script.splitlines():
                self._step(line)
        finally:
            for each in self._lines.values():
                each.lose()

    def _step(self, line: str) -> None:
        found = _LINE.fullmatch(line.strip("\r\n"))
        if found is None:
            return
        action, number, text = found[1], found[2] or "1", found[3]
        match action:
            case "i" if text.startswith("CONNECT"):
                self._lines[number] = self._connect()
            case "i":
                assert text.startswith("DISCONNECT"), line
                self._lines.pop(number).lose()
            case "I":
                self._lines[number].receive(self._written(text, self._lines[number].client))
            case "E":
                text = text.replace(
                    f"\x0156={CLIENT}\x01", f"\x0156={self._lines[number].client}\x01"
                )
                wanted_fields = text.encode("latin-1").rstrip(b"\x01").split(b"\x01")
                got = self._lines[number].next_message().rstrip(b"\x01").split(b"\x01")
                assert _shown(got) == _shown(wanted_fields), f"{got} comes for {wanted_fields}"
            case "e":
                self._lines.pop(number).expect_the_end()

    def _written(self, text: str, client: str) -> bytes:
        def time(found: re.Match[str]) -> str:
            return f"{self._now() + timedelta(seconds=int(found[1] or 0)):%Y%m%d-%H:%M:%S}"

        text = text.replace(f"\x0149={CLIENT}\x01", f"\x0149={client}\x01")
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


def first_of(data: bytes) -> bytes:
    """Return the first whole message; nothing if none is."""
    end = re.search(rb"\x0110=\d+\x01", data)
    return data[: end.end()] if end else b""


def _shown(fields: list[bytes]) -> list[bytes]:
    """Leave the times out, and lengths and checksums, which the definitions have wrong."""
    pairs = (each.partition(b"=") for each in fields)
    return [
        tag + b"=" + (b"*" if tag in _BY_PATTERN else value)
        for tag, _, value in pairs
        if tag not in {b"9", b"10"}
    ]
