"""What the image is made of is locked, fits the project's own words, and has known licences."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-build.lock": [
        *PROJECT["dependency-groups"]["image"],
        *PROJECT["build-system"]["requires"],
    ],
}
ON_LINUX = {"sys_platform": "linux", "implementation_name": "cpython", "os_name": "posix"}


def locked(name: str) -> dict[str, str]:
    """The version of each package that a lock installs on Linux."""
    text = re.sub(r"\\\n", " ", (ROOT / name).read_text())
    lines = [line for line in text.splitlines() if line.strip() and line[0] not in "# "]
    versions: dict[str, str] = {}
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), line
        pinned, _, condition = requirement.partition(";")
        package, _, version = pinned.strip().partition("==")
        if not condition or Marker(condition.strip()).evaluate(ON_LINUX):
            versions[canonicalize_name(package)] = version
    return versions


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_the_project_needs_in_versions_that_it_accepts(name: str) -> None:
    versions = locked(name)
    for requirement in map(Requirement, LOCKS[name]):
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"make lock: {requirement.name} is missing"
        assert requirement.specifier.contains(version), f"make lock: {requirement} is not {version}"
    if name == "requirements.lock":
        assert versions["psycopg-binary"] == versions["psycopg"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_fetch_from(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(
        r"^\s*(-i|-f|--index|--extra-index|--find-links|--trusted)", text, re.MULTILINE
    )


def test_every_package_in_the_image_has_a_known_licence() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "THIRD_PARTY_LICENSES.md").read_text().splitlines()
        if line.startswith("|")
    ][2:]
    assert {canonicalize_name(name): version for name, version, _ in rows} == locked(
        "requirements.lock"
    )
    assert not any(licence.upper() in {"", "UNKNOWN"} for _, _, licence in rows)
