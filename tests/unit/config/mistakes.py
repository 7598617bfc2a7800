"""What is said of settings: of mistakes in them, and of the settings themselves."""

import pytest

from fixengine.config import Settings, describe, load
from fixengine.errors import ConfigError


def problems(**environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(environment)
    return caught.value.problems


def problem(**environment: str) -> str:
    (only,) = problems(**environment)
    return only


def shown(settings: Settings, name: str) -> str:
    return dict(describe(settings))[name]
