"""Certificates of parties that prove who they are."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.programs import wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate that signs itself, and its key."""

    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, name: str) -> Self:
        made = cls(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
        subprocess.run(
            [
                *(wanted("openssl"), "req", "-x509", "-nodes", "-newkey", "rsa:2048"),
                *("-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"),
                *("-keyout", made.key, "-out", made.certificate),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return made

    def serving(self, client: "Identity") -> ssl.SSLContext:
        """Return the TLS of a server that has this certificate, and wants to see that client's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(client.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context
