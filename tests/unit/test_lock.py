"""What the image is made of is locked, fits the project's own words, and has known licences."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.locks import ROOT, asked_for, locked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["otlp"],
    ],
    "requirements-build.lock": [
        *PROJECT["dependency-groups"]["image"],
        *PROJECT["build-system"]["requires"],
    ],
}


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
def test_a_lock_keeps_nothing_that_the_project_asks_for_no_more(name: str) -> None:
    wanted = {canonicalize_name(Requirement(line).name) for line in LOCKS[name]}
    assert asked_for(name) == wanted, "make lock"


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
