"""TLS for clients' lines: certificates from files, which may change while the gateway runs."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from fixengine.config import Settings
from fixengine.errors import ConfigError
from fixengine.recurring import Recurring

_LOOK_SECONDS = 1.0
"""Time between two looks at the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Files in PEM: the gateway's certificate with its chain, its key, and clients' issuers.

    Without `client_ca` nobody is asked for a certificate; with it clients may show one.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "TlsFiles | None":
        """Return those that the settings name; None where there is no TLS."""
        if settings.fix_tls_certificate is None or settings.fix_tls_key is None:
            return None
        issuers = settings.fix_tls_client_ca
        return cls(
            certificate=Path(settings.fix_tls_certificate),
            key=Path(settings.fix_tls_key),
            client_ca=None if issuers is None else Path(issuers),
        )

    def state(self) -> tuple[tuple[int, int, int], ...]:
        """Return what changes when a file does. Raises OSError when one can't be seen."""
        files = (self.certificate, self.key, self.client_ca)
        found = (each.stat() for each in files if each is not None)
        return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)


class Tls:
    """Encrypts the server's side of lines; of one thread. New files count for new lines."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files; raises ConfigError that names the one that is wrong, and the remedy."""
        self._files = files
        try:
            self._state = files.state()
            self._context = _context(files)
        except OSError as error:
            raise ConfigError((_sentence(files, error),)) from error
        self._looked_at = monotonic()
        self._unusable = Recurring("ERROR", "new certificates can't be used, the old ones serve on")

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """Return the connection with TLS around it, whose handshake is to be done."""
        self._renew()
        return self._context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )

    def _renew(self) -> None:
        now = monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            state = self._files.state()
            if state != self._state:
                self._context = _context(self._files)
                self._state = state  # after it: half of a change is tried again
        except OSError as error:
            self._unusable.happened(why=_sentence(self._files, error))


def tls_problems(settings: Settings) -> tuple[str, ...]:
    """Return what is wrong with the files that the settings name."""
    files = TlsFiles.of(settings)
    try:
        if files is not None:
            Tls(files)
    except ConfigError as error:
        return tuple(f"FIX_TLS_…: {problem}" for problem in error.problems)
    return ()


def names_in(connection: ssl.SSLSocket) -> frozenset[str]:
    """Return common name and alternative names of the other side's certificate."""
    found = connection.getpeercert() or {}
    subject: tuple[tuple[tuple[str, str], ...], ...] = found.get("subject", ())  # type: ignore[assignment]  # its types say less
    others: tuple[tuple[str, str], ...] = found.get("subjectAltName", ())  # type: ignore[assignment]  # as above
    common = {value for part in subject for name, value in part if name == "commonName"}
    return frozenset(common | {value for _, value in others})


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # an encrypted key would be asked about on the terminal
    context.load_cert_chain(files.certificate, files.key, password=lambda: "")
    if files.client_ca is not None:
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _sentence(files: TlsFiles, error: OSError) -> str:
    """Name the file at fault, as the library does not."""
    for file in (files.certificate, files.key, files.client_ca):
        try:
            if file is not None:
                file.read_bytes()
        except OSError as unread:
            return f"{file} can't be read ({unread.strerror}): make it readable for the gateway"
    said = error.strerror or error
    third = f", {files.client_ca} certificates" if files.client_ca else ""
    return (
        f"TLS can't be had ({said}): {files.certificate} has to be a certificate with its chain, "
        f"{files.key} its key without a passphrase{third}, all in PEM"
    )
