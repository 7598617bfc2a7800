"""The text of a variable becomes an address, or a ValueError that says the remedy."""

import re
from urllib.parse import urlsplit

from fixengine.config.ipv6 import bracketed, is_ipv6

_NAMED = re.compile(r"[A-Za-z0-9._-]+")
_NUMBER = re.compile(r"[0-9]{1,5}")
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+/?")
_OWN_PATHS = frozenset(
    {"api", "blotter", "healthz", "metrics", "openapi.json", "readyz", "swagger-ui"}
)
"""What REST's paths begin with already."""


def address(text: str) -> str:
    """Parse `host:port`; returns an IPv6 address in brackets, which need not be there before."""
    host, _, port = text.rpartition(":")
    if not _NUMBER.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError("give host:port, such as kafka:9092 or [fd00::1]:9092")
    if _NAMED.fullmatch(host):
        return text
    if not is_ipv6(host.removeprefix("[").removesuffix("]")):
        raise ValueError("give host:port, such as kafka:9092 or [fd00::1]:9092")
    return bracketed(text)


def several(text: str) -> str:
    """Parse `host:port`, or several with commas between; returns them without spaces."""
    return ",".join(address(part.strip()) for part in text.split(","))


def url(text: str) -> str:
    """Parse the base of an http service's addresses; returns it without a slash at its end."""
    remedy = "give http://host:port, without user, query or fragment"
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    text = f"{scheme}{separator}{bracketed(authority)}{slash}{path}"
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueError(remedy) from error
    if not sound or "@" in parts.netloc or set("?# \t\r\n") & set(text):
        raise ValueError(remedy)
    return text.rstrip("/")


def prefix(text: str) -> str:
    """Parse the beginning of a path; returns it without a slash at its end."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("give the beginning of a path, such as /fix-engine")
    if text.split("/")[1] in _OWN_PATHS:
        raise ValueError("give another beginning, for REST has paths of its own there")
    return text.rstrip("/")


def collector(text: str) -> str:
    """Parse where an OTLP collector listens: `host:port`, or the same as an http URL."""
    if "://" not in text:
        return address(text)
    parts = urlsplit(base := url(text))
    if parts.path or (parts.scheme == "http" and parts.port is None):
        raise ValueError("give host:port or http://host:port, without a path: OTLP goes over gRPC")
    return base


def host(text: str) -> str:
    """Parse the database's host, or several with commas between; IPv6 without brackets."""
    return ",".join(_host(part.strip()) for part in text.split(","))


def _host(text: str) -> str:
    alone = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if is_ipv6(alone):
        return alone
    # the path of a socket may have colons, as Cloud SQL's have
    if "@" in text[1:] or "=" in text or (":" in text and not text.startswith("/")):
        raise ValueError("give a host's name or address by itself, and its port in POSTGRES_PORT")
    return text
