"""Programs of the system that some tests want, and the Debian package of each.

Without one its tests are skipped, and say so; with `--no-skips` they fail. `python -m
tests.programs` names the packages of those that are missing.
"""

import os
import shutil
import sys
from collections.abc import Mapping

import pytest

_PACKAGES: Mapping[str, str] = {
    "chromium": "chromium",
    "go": "golang-go",
    "java": "default-jdk-headless",
    "keytool": "default-jdk-headless",
    "mvn": "maven",
    "openssl": "openssl",
    "pgbouncer": "pgbouncer",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
_ALSO_CALLED: Mapping[str, tuple[str, ...]] = {"chromium": ("google-chrome", "chrome")}
_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))


def wanted(name: str) -> str:
    """Return the path of a program; skip the test when it is not installed."""
    path = _path(name)
    if path is None:
        pytest.skip(f"needs {name} (Debian: apt-get install {_PACKAGES[name]})")
    return path


def missing() -> list[str]:
    """Return the packages of those that are not installed."""
    return sorted({package for name, package in _PACKAGES.items() if _path(name) is None})


def _path(name: str) -> str | None:
    names = (name, *_ALSO_CALLED.get(name, ()))
    return next(filter(None, (shutil.which(each, path=_PLACES) for each in names)), None)


if __name__ == "__main__":
    sys.stdout.write(" ".join(missing()))
