"""The environment becomes settings, or a list of everything that is wrong with it."""

import json
import re
from collections.abc import Iterator, Mapping, Set
from difflib import get_close_matches

from fixengine.config import foreign
from fixengine.config.settings import Settings
from fixengine.config.telemetry import telemetry_contradictions
from fixengine.config.variables import Variable, variables_of
from fixengine.errors import ConfigError

VARIABLES: Mapping[str, Variable] = variables_of(Settings)
"""Every variable there is, by the name of its field in Settings."""

_UNSET = "(unset)"
_MASK = "***"
_PARTS = tuple(name for name in VARIABLES if name.startswith("postgres_"))
_NEAR = 0.9  # likeness of a slip of the pen; POSTGRES_SERVICE_HOST and POSTGRES_HOST have 0.76
_QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that Python could not read as text
_ANY_TEXT = {"postgres_password", "fill_seed"}
_URL_PASSWORD = re.compile(r"(://[^:@]*:).*(?=@)", re.DOTALL)
_KEY_PASSWORD = re.compile(r"(password\s*=\s*)('(?:\\.|[^'\\])*'?|(?:\\.|[^\s&\\])*)", re.DOTALL)
_SECRET_KEY = re.compile(r"password|passphrase|secret|token|jaas|\.pem$|oauthbearer\.config")


def load(environment: Mapping[str, str]) -> Settings:
    """Return the settings in `environment`; an empty value counts as unset.

    Raises ConfigError with all mistakes together: values that can't be read, settings that
    contradict each other, and names that look like a variable's but are none.
    """
    given = {
        field: text
        for field, variable in VARIABLES.items()
        if (text := _text(environment.get(variable.name, ""), variable))
    }
    values, problems = {}, []
    for field, text in given.items():
        try:
            values[field] = VARIABLES[field].parse(_sound(field, text))
        except ValueError as error:
            problems.append(_refusal(VARIABLES[field], text, str(error)))
    settings = Settings(**values)  # type: ignore[arg-type]  # each parser returns its field's type
    problems += _contradictions(settings, given, unread=given.keys() - values.keys())
    problems += _strangers(environment)
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def describe(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return every variable with its effective value; secrets are masked."""
    return tuple(
        (variable.name, _shown(settings, field, variable)) for field, variable in VARIABLES.items()
    )


def _text(text: str, variable: Variable) -> str:
    # blanks may belong to a password, but a file that holds one ends with a line break
    return text.strip("\r\n") if variable.secret else text.strip()


def _sound(field: str, text: str) -> str:
    """Return the text; raise ValueError for what no variable can hold."""
    if _UNDECODED.search(text):
        raise ValueError("give text in UTF-8")
    if field not in _ANY_TEXT and _QUOTED.fullmatch(text):
        raise ValueError("leave out the quotes around it, which nobody takes away here")
    return text


def _refusal(variable: Variable, text: str, remedy: str) -> str:
    if variable.name.endswith("_PORT") and foreign.is_link(variable.name, text):
        service = variable.name.removesuffix("_PORT").lower().replace("_", "-")
        return (
            f"{variable.name} is {text!r}, as Kubernetes sets it for a Service named {service}: "
            f"set enableServiceLinks: false in the pod, or {variable.name} in its env, empty for "
            "the default"
        )
    found = "has a value (not shown) that can't be used" if variable.secret else f"is {text!r}"
    return f"{variable.name} {_masked(found)}: {remedy}"


def _contradictions(
    settings: Settings, given: Mapping[str, str], *, unread: Set[str]
) -> Iterator[str]:
    topics = ("kafka_orders_topic", "kafka_fills_topic", "kafka_dlq_topic")
    names = [getattr(settings, topic) for topic in topics]
    if not unread & {"http_port", "health_port"} and settings.http_port == settings.health_port:
        yield f"HTTP_PORT and HEALTH_PORT are both {settings.http_port}: give two ports"
    if not unread & set(topics) and len(set(names)) < len(names):
        listed = ", ".join(
            f"{VARIABLES[topic].name} {getattr(settings, topic)}" for topic in topics
        )
        yield f"{listed}: give three topics"
    parts = [VARIABLES[part].name for part in _PARTS if part in given.keys() - unread]
    if parts and "dsn" in given:
        yield f"POSTGRES_DSN is set beside {', '.join(parts)}: give the one or the others"
    low, high = settings.fill_delay_min_seconds, settings.fill_delay_max_seconds
    if not unread & {"fill_delay_min_seconds", "fill_delay_max_seconds"} and low > high:
        yield f"FILL_DELAY_MIN {low:g} is above FILL_DELAY_MAX {high:g}: swap them"
    yield from telemetry_contradictions(settings, given.keys() - unread)


def _strangers(environment: Mapping[str, str]) -> Iterator[str]:
    known = [variable.name for variable in VARIABLES.values()]
    for name in sorted(environment.keys() - set(known)):
        if foreign.is_link(name, environment[name]):
            continue
        if refusal := foreign.refusal(name, environment[name]):
            yield refusal
        family = [other for other in known if other.split("_")[0] == name.split("_")[0]]
        near = get_close_matches(name, family, n=1, cutoff=_NEAR)
        if near and not foreign.defined(name):
            yield f"{name} is not known: write {near[0]}, or remove it"


def _shown(settings: Settings, field: str, variable: Variable) -> str:
    value = getattr(settings, field)
    if field in _PARTS and settings.dsn is not None:
        return "(in POSTGRES_DSN)"
    if field == "kafka_client_config":
        shown = {key: _MASK if _SECRET_KEY.search(key) else value[key] for key in value}
        return json.dumps(shown)
    if value is None:
        return _UNSET
    if field == "dsn":
        return _masked(value)
    if variable.secret:
        return _MASK
    if isinstance(value, tuple):
        return ", ".join(f"{name}={text}" for name, text in value) or _UNSET
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")


def _masked(text: str) -> str:
    return _KEY_PASSWORD.sub(rf"\1{_MASK}", _URL_PASSWORD.sub(rf"\1{_MASK}", text))
