"""What the documents name is there: files, headings, commands, settings, metrics, log lines."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from fixengine import cli
from fixengine.audit.verdict import Counts, Kind
from fixengine.config import VARIABLES, load
from fixengine.config.fix_sessions import FIELDS, load_sessions
from fixengine.engine.children import POOLED_CONNECTIONS
from fixengine.gateway.parts import POOLED_CONNECTIONS as OF_A_GATEWAY
from fixengine.ports.fix import Identity
from fixengine.rules import take_over_times
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from tests.support.documents import PAGES, ROOT, commands, page

_LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)")
_OF_COMPOSE = {"FIXENGINE_IMAGE", "PYTHON_IMAGE", "STACK", "TESTS", "ARGS", "MINUTES", "SEED"}

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).name)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def metrics() -> set[str]:
    engines, gateways = CollectorRegistry(), CollectorRegistry()
    EngineMetrics(engines)
    ConsumerMetrics(engines, group="g", topic="t")
    GatewayMetrics(gateways)
    families = {family.name for each in (engines, gateways) for family in each.collect()}
    actors = {"fixengine_actor_restarts", "fixengine_actor_mailbox_depth"}  # per actor
    return {f"{name}{suffix}" for name in families | actors for suffix in ("", "_total")}


def test_there_are_pages() -> None:
    names = {path.stem for path in PAGES}
    assert names >= {
        "deploying",
        "dead-letters",
        "disaster-recovery",
        "sizing",
        "settings",
        "README",
    }


@each_page
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in _LINK.findall(path.read_text("utf-8")):
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), f"{target}#{anchor}"


@each_page
def test_metrics_exist(path: Path) -> None:
    named = set(re.findall(r"`((?:fixengine|kafka_consumer)_\w+)", path.read_text("utf-8")))
    tables = {"fixengine_schema"}
    assert named - tables - metrics() == set()


@each_page
def test_settings_exist(path: Path) -> None:
    """A name in capitals with an underscore is a setting, wherever it is quoted."""
    text = path.read_text("utf-8")
    named = set(re.findall(r"[`$]([A-Z]+(?:_[A-Z]+)+)\b(?!…)", text))
    assert named - {variable.name for variable in VARIABLES.values()} - _OF_COMPOSE == set()


@each_page
def test_variables_in_commands_are_set_on_the_page_before(path: Path) -> None:
    known: set[str] = set()
    for command in commands(path.read_text("utf-8")):
        typed = re.sub("'[^']*'", "", command)
        known |= set(re.findall(r"^export (\w+)=", typed))
        assert set(re.findall(r"\$\{?([A-Za-z_]\w*)", typed)) <= known, command


@each_page
def test_commands_of_the_program_are_understood(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.json").touch()  # an option's file is read at once
    text = path.read_text("utf-8")
    quoted = re.findall(r"`fixengine ([a-z][^`|…]*)`", text)
    typed = [line for line in commands(text) if line.startswith("fixengine ")]
    in_a_pod = re.findall(r"k8s/run\.sh ([a-z][^`\n]*)`", text)
    for command in (*quoted, *(line.removeprefix("fixengine ") for line in typed), *in_a_pod):
        cli.parse(shlex.split(command.partition(" > ")[0]))


@each_page
def test_targets_exist(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:`|^)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_table_of_settings_is_the_programs_own() -> None:
    rows = [
        f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else ''} "
        f"| {variable.meaning} |"
        for variable in VARIABLES.values()
    ]
    table = "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))
    _, _, rest = page("settings").partition("<!-- settings -->\n")
    assert rest.partition("<!-- /settings -->")[0] == f"{table}\n"


def test_fields_of_fix_sessions_are_explained_and_the_example_can_be_used(tmp_path: Path) -> None:
    _, _, rest = page("settings").partition("<!-- sessions -->\n")
    text = rest.partition("<!-- /sessions -->")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [*FIELDS]
    file = tmp_path / "sessions.toml"
    file.write_text(text.partition("```toml\n")[2].partition("```")[0], "utf-8")
    assert load_sessions(load({"FIX_SESSIONS": str(file)})).of(
        Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
    )


def test_every_metric_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)(?:\{[\w,]+\})?`", page("metrics")))
    families = {name.removesuffix("_total") for name in metrics()}
    assert families - {name.removesuffix("_total") for name in explained} == set()


def test_connections_are_counted_as_the_program_opens_them() -> None:
    each = POOLED_CONNECTIONS + 1
    text = " ".join(page("sizing").split())
    words = {3: "three", 4: "four", 5: "five", 6: "six", 8: "eight"}
    assert f"has {words[each + 1]} at the most: {words[POOLED_CONNECTIONS]} in pools" in text
    assert f"A gateway has {words[OF_A_GATEWAY + 2]} at the most: {words[OF_A_GATEWAY]} in" in text
    assert f"come to {(20 + 1 + 2) * each} without the desk's, of the 97" in text
    assert f"and to {(20 + 1 + 2) * (each + 1)} with them" in text


def logged() -> Iterator[str]:
    """Find what the engine logs from INFO on, in its source."""
    levels = "info|warning|error|critical|exception"
    calls = re.compile(rf"logger\b.*\.({levels})|_log|_contain|Recurring|Outage|Events", re.DOTALL)
    for path in (ROOT / "fixengine").rglob("*.py"):
        if path.relative_to(ROOT).parts[1] in {"demo", "dlq", "top"}:
            continue  # terminal programs
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and calls.fullmatch(ast.unparse(node.func)):
                all_of_them = ast.unparse(node.func) in {"Outage", "Events"}
                for event in node.args if all_of_them else node.args[-1:]:
                    if isinstance(event, ast.Constant):
                        yield str(event.value)


def test_every_line_of_the_log_is_explained() -> None:
    _, table = page("operating").split("| event | means, and what to do |")
    explained = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(explained) > 40
    assert sorted(explained) == sorted(set(logged()))


def test_times_of_a_take_over_are_those_that_are_told() -> None:
    text = page("guarantees")
    for seconds in (
        take_over_times.LEASE,
        take_over_times.STOP,
        take_over_times.SETTLE,
        take_over_times.TAKE_OVER_AFTER,
    ):
        assert f" | {seconds:g} |\n" in text
    assert f"after {take_over_times.UNTOLD_AFTER:g} s by itself" in text


def test_every_kind_of_contradiction_is_explained() -> None:
    _, table = page("auditing").split("| kind | means | what to do |")
    explained = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert explained == [kind for kind in Kind if kind is not Kind.REPEATED]  # the demo's alone


def test_every_count_of_the_audit_is_explained() -> None:
    _, table = page("auditing").split("| count | of |")
    rows = table.partition("\n\n")[0].strip().splitlines()
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert names == [*Counts().as_dict()]
