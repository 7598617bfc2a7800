"""What the pages under docs/ name is there."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from fixengine.metrics import ConsumerMetrics, EngineMetrics

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def metrics() -> set[str]:
    registry = CollectorRegistry()
    EngineMetrics(registry)
    ConsumerMetrics(registry, group="g", topic="t")
    families = {family.name for family in registry.collect()}
    actors = {"fixengine_actor_restarts", "fixengine_actor_mailbox_depth"}  # per actor
    return {f"{name}{suffix}" for name in families | actors for suffix in ("", "_total")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_metrics_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:fixengine|kafka_consumer)_\w+)", text))
    tables = {"fixengine_schema"}
    assert named - tables - metrics() == set()


def test_there_are_pages() -> None:
    assert {"deploying.md", "sizing.md", "dead-letters.md"} <= {page.name for page in PAGES}
