"""Clients that others made, as processes, and the book that each keeps."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from fixengine.demo.errors import DemoError
from fixengine.demo.servers.jars import jars_of
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from tests.programs import wanted

_HERE = Path(__file__).parent
_PATIENCE = 60.0
_TIMED = "DFG"  # types of messages that have a TransactTime(60)
_OF_THE_FRAME = frozenset((8, 9, 10, 34, 43, 49, 52, 56, 122))

Fields = dict[int, str]


class Maker(StrEnum):
    """Whose client it is."""

    CPP = "QuickFIX/C++"
    JAVA = "QuickFIX/J"


_USUAL = {
    "ConnectionType": "initiator",
    "ReconnectInterval": "1",
    "NonStopSession": "Y",
    "FileStorePath": "store",
    "FileLogPath": "log",
}
SETTINGS = {
    Maker.CPP: {**_USUAL, "UseDataDictionary": "N"},
    Maker.JAVA: {**_USUAL, "UseDataDictionary": "Y"},
}
"""What clients need besides addresses and names."""

_TRUST_STORE, _STORE_PASSWORD = "gateway.p12", "changeit"
TLS_SETTINGS = {
    Maker.CPP: {
        "CertificationAuthoritiesFile": "gateway.pem",
        "CertificateVerifyLevel": "1",
    },
    Maker.JAVA: {
        "SocketUseSSL": "Y",
        "SocketTrustStore": _TRUST_STORE,
        "SocketTrustStorePassword": _STORE_PASSWORD,
        "TrustStoreType": "PKCS12",
    },
}
"""What they need to speak TLS with a gateway whose certificate is in `gateway.pem`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a client was given: messages of the application and Rejects, in their order."""

    logons: int
    is_logged_on: bool
    next_in: int
    next_out: int
    messages: tuple[Fields, ...]

    @property
    def told(self) -> list[Fields]:
        """Return messages when they came first: that may be when they are sent again."""
        by_number: dict[str, Fields] = {}
        for each in self.messages:
            by_number.setdefault(each[34], each)
        return list(by_number.values())

    @property
    def again(self) -> list[Fields]:
        """Return messages that came once more."""
        told = {id(each) for each in self.told}
        return [each for each in self.messages if id(each) not in told]

    @property
    def reports(self) -> list[Fields]:
        """Return the ExecutionReports of events: a status tells of none."""
        return [each for each in self.told if each[35] == "8" and each[17] != "0"]

    @property
    def states(self) -> dict[str, str]:
        """Return the last OrdStatus(39) of each ClOrdID(11)."""
        return {each[11]: each[39] for each in self.messages if each[35] == "8" and 11 in each}

    @property
    def exec_ids(self) -> list[str]:
        """Return ExecIDs(17), in their order."""
        return [each[17] for each in self.reports]


class Foreign:
    """A client that understands `quickfix_client.py`'s commands.

    `peer` is its CompID; `asked` has the kind of message of each ClOrdID(11) that it gave.
    """

    def __init__(self, process: "subprocess.Popen[str]", errors: Path, peer: str) -> None:
        self.peer = peer
        self.asked: dict[bytes, bytes] = {}
        self._process = process
        self._errors = errors

    def send(self, kind: str, **fields: str) -> None:
        """Send a message; fields are written as `t11="A"`."""
        if kind in _TIMED:
            fields["t60"] = f"{datetime.now(UTC):%Y%m%d-%H:%M:%S}"
        text = "|".join(f"{tag[1:]}={value}" for tag, value in fields.items())
        if "t11" in fields:
            self.asked[fields["t11"].encode()] = kind.encode()
        self._ask(f"send {kind} {text}")

    def order(self, cl_ord_id: str, symbol: str, quantity: int, **more: str) -> None:
        usual = {"t21": "1", "t40": "1", "t54": "1"}
        self.send("D", t11=cl_ord_id, t55=symbol, t38=str(quantity), **{**usual, **more})

    def cancel(self, cl_ord_id: str, original: str, symbol: str) -> None:
        self.send("F", t11=cl_ord_id, t41=original, t55=symbol, t54="1")

    def replace(
        self, cl_ord_id: str, original: str, symbol: str, quantity: int, **more: str
    ) -> None:
        usual = {"t21": "1", "t40": "1", "t54": "1"}
        named = {"t11": cl_ord_id, "t41": original, "t55": symbol, "t38": str(quantity)}
        self.send("G", **{**named, **usual, **more})

    def ask_again(self) -> None:
        """Ask for all messages since number 1."""
        self._ask("again")

    @property
    def book(self) -> Book:
        said = self._ask("book")
        said["messages"] = tuple(map(_fields, said["messages"]))
        return Book(**said)

    def until(self, is_so: Callable[[Book], bool], what: str) -> Book:
        """Wait until its book is so; return it."""
        wait_until(lambda: is_so(self.book), _PATIENCE, what)
        return self.book

    def logged_on(self, times: int = 1) -> "Foreign":
        """Wait until it is logged on, so often all in all."""
        self.until(lambda book: book.is_logged_on and book.logons >= times, "the logon")
        return self

    def end(self) -> Book:
        """Let it log out; return its book."""
        book = self.book
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(_PATIENCE) == 0
        return book

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client has ended: {self._errors.read_text()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


def content(message: Fields) -> Fields:
    """Return what a message says, without what is another when it is sent again."""
    return {tag: value for tag, value in message.items() if tag not in _OF_THE_FRAME}


@contextmanager
def foreign(
    maker: Maker,
    folder: Path,
    *,
    port: int,
    sender: str,
    target: str = "FIXENGINE",
    begin: str = "FIX.4.4",
    password: str | None = None,
    trusted: Path | None = None,
) -> Iterator[Foreign]:
    """Run a client that logs on at a port of 127.0.0.1, again each second; its files stay.

    With the certificate that it trusts it speaks TLS.
    """
    folder.mkdir(exist_ok=True)
    settings = {
        **SETTINGS[maker],
        **(_tls(maker, folder, trusted) if trusted else {}),
        "SocketConnectHost": "127.0.0.1",
        "SocketConnectPort": str(port),
        "HeartBtInt": "5",
        **({"Password": password} if password else {}),
    }
    identity = {"BeginString": begin, "SenderCompID": sender, "TargetCompID": target}
    file, log = folder / "settings", folder / "errors"
    sections = (("[DEFAULT]", settings), ("[SESSION]", identity))
    lines = ((head, *(f"{name}={value}" for name, value in of.items())) for head, of in sections)
    file.write_text("\n".join((*chain.from_iterable(lines), "")), "utf-8")
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*_command(maker), file.name],
            cwd=folder,
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield Foreign(process, log, sender)
        finally:
            process.kill()


def _tls(maker: Maker, folder: Path, trusted: Path) -> dict[str, str]:
    """Put what the settings name into the folder, and return them."""
    if maker is Maker.CPP:
        shutil.copy(trusted, folder / "gateway.pem")
    else:
        kept = ("-keystore", _TRUST_STORE, "-storetype", "PKCS12", "-storepass", _STORE_PASSWORD)
        subprocess.run(
            [wanted("keytool"), "-importcert", "-noprompt", "-file", trusted, *kept],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=_PATIENCE,
        )
    return TLS_SETTINGS[maker]


def _command(maker: Maker) -> Sequence[str]:
    if maker is Maker.CPP:
        from tests.support.fix import quickfix_client  # noqa: PLC0415 - a library of 13 MB

        return sys.executable, "-m", quickfix_client.__name__
    java = wanted("java")
    wanted("mvn")
    try:
        jars = jars_of(_HERE / "quickfixj.pom.xml", name="quickfixj", what="QuickFIX/J")
    except DemoError as error:
        pytest.skip(str(error))
    heap = ("-Xmx128m", "-XX:TieredStopAtLevel=1")
    return java, *heap, "-cp", f"{jars}/*", str(_HERE / "QuickfixClient.java")


def _fields(message: str) -> Fields:
    pairs = (each.partition("=") for each in message.strip("|").split("|"))
    return {int(tag): value for tag, _, value in pairs}
