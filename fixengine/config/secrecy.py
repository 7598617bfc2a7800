"""Which settings of drivers are secret, by their names, and texts that may hold a secret."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

_SECRET = re.compile(
    r"pass(word|phrase)|secret|token(?!\.endpoint)|jaas|credential|assertion|private|kinit"
    r"|oauthbearer\.config|extensions|\.pem$|([._]|^)key$"
)
_ASSIGNED = re.compile(r"([\w.]+)\s*=")
_USERINFO = re.compile(r"://(.*)@", re.DOTALL)
_MAY_HOLD = re.compile(
    r"^[^:/\[]+:[^:/0-9]|[@?]|password|passwd|secret|token|-----BEGIN", re.IGNORECASE
)


def is_secret(name: str, value: object = "") -> bool:
    """Say whether an option of libpq, a property of librdkafka or the like is shown to nobody."""
    names = (name, *_ASSIGNED.findall(str(value)))  # options of libpq assign settings in turn
    return any(_SECRET.search(each.lower()) for each in names) or "PRIVATE KEY" in str(value)


def may_hold_a_secret(text: str) -> bool:
    """Say whether a text that should be none may be an address with a password, or a key."""
    return bool(_MAY_HOLD.search(text))


def secrets_of(config: Mapping[str, object]) -> Iterator[str]:
    """Yield what is secret in settings of librdkafka."""
    for name, value in config.items():
        if is_secret(name, value):
            yield str(value)
        elif userinfo := _USERINFO.search(str(value)):
            yield userinfo[1]
            yield unquote(userinfo[1])


def shown(name: str, value: object) -> bool:
    """Say whether a setting of librdkafka may be shown."""
    return not is_secret(name, value) and not re.search("://.*[@?]", str(value), re.DOTALL)
