"""Certificates for tests of TLS, made by OpenSSL."""

import subprocess
from pathlib import Path

from fixengine.infra.fix.tls import TlsFiles
from tests.programs import wanted


class Authority:
    """Makes certificates that expire tomorrow, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate, self._key = self._made("authority", ())

    def issue(self, name: str, *, file: str) -> tuple[Path, Path]:
        """Return a certificate for a name, and its key; made anew in the files of that name."""
        by = ("-CA", str(self.certificate), "-CAkey", str(self._key))
        return self._made(file, (*by, "-addext", f"subjectAltName=DNS:{name}"), name)

    def files(self, *, clients: bool = False) -> TlsFiles:
        """Return a gateway's files; `clients` may show certificates if that is wanted."""
        certificate, key = self.issue("gateway.test", file="gateway")
        ca = self.certificate if clients else None
        return TlsFiles(certificate=certificate, key=key, client_ca=ca)

    def _made(self, file: str, more: tuple[str, ...], name: str = "authority") -> tuple[Path, Path]:
        certificate, key = self._folder / f"{file}.pem", self._folder / f"{file}.key"
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
        subprocess.run(
            [
                *(wanted("openssl"), "req", "-x509", *curve, "-subj", f"/CN=CN of {name}"),
                *("-out", str(certificate), "-keyout", str(key), *more),
            ],
            check=True,
            capture_output=True,
        )
        return certificate, key
