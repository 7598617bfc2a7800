"""Passwords as a configuration keeps them: as hashes that tell nobody the password.

A hash is `scrypt:N:r:p:SALT:HASH`, with the parameters of RFC 7914, and salt and hash in URL-safe
Base64.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

_N, _R, _P = 2**14, 8, 1
_LEAST_N, _LEAST_R = 2**14, 8
_MOST_MEMORY = 2**26  # bytes: a gateway has little, and checks a password at each logon
_MOST_P = 16
_LENGTH = 32
_LEAST_SALT = 16
_WRITTEN = re.compile(
    r"scrypt:(\d{1,9}):(\d{1,3}):(\d{1,3}):([\w=-]{1,128}):([\w=-]{1,128})", re.ASCII
)


class _Hash(NamedTuple):
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def of(self, password: bytes) -> bytes:
        """Return the digest of a password with these parameters: tens of milliseconds of CPU."""
        return hashlib.scrypt(
            password,
            salt=self.salt,
            n=self.n,
            r=self.r,
            p=self.p,
            maxmem=2 * _MOST_MEMORY,
            dklen=len(self.digest),
        )


def hash_password(password: bytes) -> str:
    """Return a hash of a password, another each time."""
    salt = secrets.token_bytes(_LEAST_SALT)
    digest = _Hash(_N, _R, _P, salt, bytes(_LENGTH)).of(password)
    texts = (base64.urlsafe_b64encode(each).decode() for each in (salt, digest))
    return ":".join(("scrypt", str(_N), str(_R), str(_P), *texts))


def verify(written: str, password: bytes) -> bool:
    """Say whether a password has this hash; raise ValueError for what is no hash."""
    known = _read(written)
    return hmac.compare_digest(known.of(password), known.digest)


def password_hash(text: str) -> str:
    """Parse a hash that is strong enough; raise ValueError, which does not quote it."""
    _read(text)
    return text


def _read(text: str) -> _Hash:
    remedy = "write what `fixengine fix hash-password` prints"
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(remedy)
    n, r, p = (int(found[place]) for place in (1, 2, 3))
    try:
        salt, digest = (base64.urlsafe_b64decode(found[place]) for place in (4, 5))
    except binascii.Error:
        raise ValueError(remedy) from None
    if n < _LEAST_N or r < _LEAST_R or p < 1 or len(salt) < _LEAST_SALT or len(digest) < _LENGTH:
        raise ValueError(f"the hash is too weak: {remedy}")
    if n & (n - 1) or 128 * n * r > _MOST_MEMORY or p > _MOST_P:
        raise ValueError(f"the hash takes too much of the gateway, or N is no power of 2: {remedy}")
    return _Hash(n, r, p, salt, digest)
