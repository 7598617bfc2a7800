"""The environment becomes settings, or a list of everything that is wrong with it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from difflib import get_close_matches

from fixengine.config import client_config, conninfo, foreign, parsing, secrecy
from fixengine.config.settings import Settings
from fixengine.config.telemetry import telemetry_contradictions
from fixengine.config.variables import Variable, variables_of
from fixengine.errors import ConfigError
from fixengine.secrets import HIDDEN, known

Check = Callable[[Settings, Set[str]], Iterable[str]]
"""Says what is wrong with settings; these fields can't be read, so they have their defaults."""

VARIABLES: Mapping[str, Variable] = variables_of(Settings)
"""Every variable there is, by the name of its field in Settings."""

_UNSET = "(unset)"
_PARTS = tuple(name for name in VARIABLES if name.startswith("postgres_"))
_NEAR = 0.88  # PRICING_SERVICE_URL has 0.882, and POSTGRES_DB, which others set, has 0.870
_QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that Python could not read as text
_ANY_TEXT = {"postgres_password", "fill_seed", "fix_password"}

_PAIRS = (
    ("fix_tls_certificate", "fix_tls_key"),
    ("otel_client_certificate", "otel_client_key"),
)
"""Fields of which either both are set or none."""


def load(environment: Mapping[str, str], *checks: Check) -> Settings:
    """Return the settings in `environment`; an empty value counts as unset.

    Raises ConfigError with all mistakes together: values that can't be read, settings that
    contradict each other, names that look like a variable's but are none, and what `checks` find.
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
    unread = given.keys() - values.keys()
    problems += _contradictions(settings, given, unread=unread)
    problems += _strangers(environment)
    for check in checks:
        problems += check(settings, unread)
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def keep_secret(settings: Settings) -> None:
    """Keep this process from saying anything that is secret in its settings."""
    known.learn(_secrets(settings), public=(text for _, text in describe(settings)))


def notes(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each secret whose value is not taken exactly as it is given."""
    for field, variable in VARIABLES.items():
        text = environment.get(variable.name, "")
        if variable.secret and _has_file_marks(field, text):
            yield (
                f"{variable.name} holds what belongs to a file, a line break after a secret or a "
                "byte order mark before it: it is left out"
            )


def describe(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return every variable with its effective value; secrets are masked."""
    return tuple(
        (variable.name, _shown(settings, field, variable)) for field, variable in VARIABLES.items()
    )


def _secrets(settings: Settings) -> Iterator[str]:
    yield settings.postgres_password or ""
    yield settings.operator_token or ""
    yield settings.fix_password or ""
    if settings.dsn is not None:
        for part in conninfo.parts(settings.dsn):
            if part.secret:
                yield settings.dsn[part.begin : part.end]
                yield part.value
    for _, value in settings.otel_headers or ():
        yield value
    for name, value in settings.otel_resource_attributes:
        if secrecy.is_secret(name, value):
            yield value
    yield from secrecy.secrets_of(settings.kafka_client_config)


def _has_file_marks(field: str, text: str) -> bool:
    alone = parsing.without_file_marks(text)
    if field == "dsn":
        return alone != "" and conninfo.cleaned(alone.strip()) != alone.strip()
    if field == "kafka_client_config":
        given = json.loads(alone or "{}")
        return bool(given != dict(client_config.parse(alone or "{}")))
    return alone != text


def _text(text: str, variable: Variable) -> str:
    # blanks may belong to a password, but a file that holds one ends with a line break
    text = parsing.without_file_marks(text)
    return text if variable.secret else text.strip()


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
    if variable.secret or secrecy.may_hold_a_secret(text):
        return f"{variable.name} has a value (not shown) that can't be used: {remedy}"
    return f"{variable.name} is {text!r}: {remedy}"


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
    yield from _fix_contradictions(settings, unread=unread)
    yield from telemetry_contradictions(settings, given.keys() - unread)
    for pair in _PAIRS:
        lacking = [getattr(settings, field) is None for field in pair]
        if not unread & {*pair} and any(lacking) and not all(lacking):
            first, second = (VARIABLES[field].name for field in pair)
            yield f"{first} and {second} belong together: set both"


def _fix_contradictions(settings: Settings, *, unread: Set[str]) -> Iterator[str]:
    for field in ("http_port", "health_port"):
        # an engine, which has no sessions, may have this port
        shares = settings.fix_sessions and getattr(settings, field) == settings.fix_port
        if shares and not unread & {field, "fix_port"}:
            yield f"FIX_PORT and {VARIABLES[field].name} are both {settings.fix_port}: give two"
    own = ("fix_tls_certificate", "fix_tls_key")
    has_none = all(getattr(settings, field) is None for field in own) and not unread & {*own}
    if settings.fix_tls_client_ca is not None and has_none:
        yield "FIX_TLS_CLIENT_CA is nothing without TLS: set FIX_TLS_CERTIFICATE and FIX_TLS_KEY"


def _strangers(environment: Mapping[str, str]) -> Iterator[str]:
    ours = [variable.name for variable in VARIABLES.values()]
    if parsing.without_file_marks(password := environment.get("PGPASSWORD", "")) != password:
        yield "PGPASSWORD holds the line break of a file, or its byte order mark: leave it out"
    for name in sorted(environment.keys() - set(ours)):
        if foreign.is_link(name, environment[name]):
            continue
        if refusal := foreign.refusal(name, environment[name]):
            yield refusal
        family = [other for other in ours if other.split("_")[0] == name.split("_")[0]]
        near = get_close_matches(name, family, n=1, cutoff=_NEAR)
        if near and not foreign.defined(name):
            yield f"{name} is not known: write {near[0]}, or remove it"


def _shown(settings: Settings, field: str, variable: Variable) -> str:
    value = getattr(settings, field)
    if field in _PARTS and settings.dsn is not None:
        return "(in POSTGRES_DSN)"
    if field == "kafka_client_config":
        shown = {key: value[key] if secrecy.shown(key, value[key]) else HIDDEN for key in value}
        return json.dumps(shown)
    if value is None:
        return _UNSET
    if field == "dsn":
        return conninfo.masked(settings.dsn or "")
    if variable.secret:
        return HIDDEN
    if isinstance(value, tuple):
        pairs = ((name, HIDDEN if secrecy.is_secret(name, text) else text) for name, text in value)
        return ", ".join("=".join(pair) for pair in pairs) or _UNSET
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")
