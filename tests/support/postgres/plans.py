"""What a statement reads: its plan, carried out in a session of the engine and rolled back."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.statements import query

_PARAMETER = re.compile(r"%\((\w+)\)[sb]")
_REMOVED = (
    "Rows Removed by Filter",
    "Rows Removed by Index Recheck",
    "Rows Removed by Join Filter",
)
_NO_ROWS_OF_THEIR_OWN = ("Bitmap Index Scan", "Subquery Scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Rows that were looked at, fitting or not; blocks; the indexes used; and the plan, to show."""

    rows: int
    blocks: int
    indexes: frozenset[str]
    plan: str


def carried_out(
    connection: Connection, name: str, parameters: Mapping[str, object], *, generic: bool = False
) -> Reading:
    """Return what a statement read, planned for these parameters, or `generic` for any.

    Everything about it is the session's own, but for the choice between these two plans.
    """
    names = list(dict.fromkeys(_PARAMETER.findall(query(name).decode())))
    text = _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", query(name).decode())
    values = sql.SQL(", ").join(sql.Literal(parameters[each]) for each in names)
    call = sql.SQL("({})").format(values) if names else sql.SQL("")
    with connection.transaction(force_rollback=True):
        mode = "generic" if generic else "custom"
        connection.execute(f"set local plan_cache_mode = force_{mode}_plan".encode())
        connection.execute(f"prepare explained as {text}".encode())
        explain = sql.SQL("explain (analyze, buffers, format json) execute explained {}")
        row = connection.execute(explain.format(call)).fetchone()
        connection.execute("deallocate explained")
    assert row is not None
    top = row[0][0]["Plan"]
    nodes = [*_nodes(top)]
    return Reading(
        rows=sum(_rows(node) for node, _ in nodes),
        blocks=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        indexes=frozenset(node["Index Name"] for node, _ in nodes if "Index Name" in node),
        plan="\n".join(_line(node, depth) for node, depth in nodes),
    )


def _nodes(node: dict[str, Any], depth: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    yield node, depth
    for each in node.get("Plans", ()):
        yield from _nodes(each, depth + 1)


def _rows(node: dict[str, Any]) -> int:
    kind = node["Node Type"]
    scans = kind.endswith("Scan") and kind not in _NO_ROWS_OF_THEIR_OWN
    found: float = node["Actual Rows"] if scans else 0
    removed: float = sum(node.get(each, 0) for each in _REMOVED)
    loops: float = node["Actual Loops"]
    return round((found + removed) * loops)


def _line(node: dict[str, Any], depth: int) -> str:
    of = node.get("Relation Name") or node.get("CTE Name") or ""
    index = node.get("Index Name", "")
    return f"{'  ' * depth}{node['Node Type']} {of} {index}: {_rows(node)} rows"
