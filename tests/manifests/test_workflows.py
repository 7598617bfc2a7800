"""The public CI: valid, pinned, with no more rights than it needs."""

import re
import subprocess
import sys
from itertools import chain
from typing import Any

import pytest

from tests.manifests.built import ROOT, read

WORKFLOW = ".github/workflows/ci.yml"
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = read(WORKFLOW)["jobs"]
    return found


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-workflows", WORKFLOW), ("dependabot", ".github/dependabot.yml")],
)
def test_files_are_what_github_defines(schema: str, path: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    text = (ROOT / WORKFLOW).read_text("utf-8")
    used = [line.split("uses: ")[1] for line in text.splitlines() if "uses: " in line]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    versions = {action.split(" # ")[0]: action for action in used}
    assert len({action.split("@")[0] for action in used}) == len(versions), "two pins of one action"


def test_only_the_job_that_publishes_may_write_and_only_packages() -> None:
    assert read(WORKFLOW)["permissions"] == {"contents": "read"}
    rights = {name: job["permissions"] for name, job in jobs().items() if "permissions" in job}
    assert rights == {"publish": {"contents": "read", "packages": "write"}}


def test_an_image_is_published_for_a_tag_alone_and_after_all_else_has_passed() -> None:
    publish = jobs()["publish"]
    assert publish["if"] == "github.ref_type == 'tag'"
    assert set(publish["needs"]) == jobs().keys() - {"publish"}
    pushing = [
        name
        for name, job in jobs().items()
        for step in job["steps"]
        if step.get("with", {}).get("push")
    ]
    assert pushing == ["publish"]


def test_every_python_that_is_promised_is_tested() -> None:
    versions = jobs()["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]


def test_images_are_built_for_both_architectures() -> None:
    steps = chain.from_iterable(job["steps"] for job in jobs().values())
    built = [step["with"] for step in steps if "build-push-action" in step.get("uses", "")]
    assert [each["platforms"] for each in built] == ["linux/amd64,linux/arm64"] * 2


def test_the_image_is_tried_and_what_is_published_says_what_is_in_it() -> None:
    assert "make test-image PYTHON=python" in [step.get("run") for step in jobs()["image"]["steps"]]
    (published,) = (
        step["with"] for step in jobs()["publish"]["steps"] if "context" in step.get("with", {})
    )
    assert published["sbom"] is True
    assert published["provenance"] == "mode=max"


def test_no_job_waits_for_ever_or_keeps_its_credentials() -> None:
    for job in jobs().values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}


def test_no_test_is_skipped_that_could_run() -> None:
    steps = [
        step["run"] for name in ("test", "stack") for step in jobs()[name]["steps"] if "run" in step
    ]
    assert all("--no-skips" in step for step in steps if step.startswith("make test "))
    assert sum("tests.programs" in step for step in steps) == 2
    assert "--no-skips" in (ROOT / ".ci/run").read_text("utf-8")


def test_nothing_from_outside_is_written_into_a_script() -> None:
    scripts = [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    assert not [script for script in scripts if "${{ github" in script]
