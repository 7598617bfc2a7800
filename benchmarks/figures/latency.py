"""How long a fill takes from due to acknowledged and marked."""

import time
from collections.abc import Iterator

import psycopg

from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import saturated
from benchmarks.sql import number_of

_NOTE_WHAT_LEAVES_THE_OUTBOX = """
create unlogged table gone (id integer, at timestamptz);
create function note_what_leaves() returns trigger language plpgsql as $$
begin
    insert into gone select execution_id, clock_timestamp() from leaving;
    return null;
end
$$;
create trigger outbox_leaving after delete on outbox referencing old table as leaving
    for each statement execute function note_what_leaves();
"""


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure from due to acknowledged and marked, price calls included, at half the full rate."""
    with lend() as stack, saturated(stack) as load:
        most = load.rate(10 * scale)
    seconds = 30 * scale
    number = int(most / 2 * seconds)
    with (
        lend() as stack,
        endless(stack, executions=number, every=3600, first=15, within=seconds) as load,
    ):
        waits = sorted(_waits(load))
    for share, limit in ((0.5, 30.0), (0.99, 150.0)):
        yield Figure(
            meaning=f"due → acknowledged and marked at {most / 2:,.0f}/s, p{100 * share:.0f}",
            value=1000 * waits[int(share * (len(waits) - 1))],
            unit="ms",
            limit=limit,
        )


def _waits(load: Endless) -> Iterator[float]:
    """Yield the seconds from when executions were due until their fills had left the outbox.

    All by the database's clock; a fill leaves the outbox when the broker has acknowledged it.
    """
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        connection.execute(_NOTE_WHAT_LEAVES_THE_OUTBOX)
        due: dict[int, float] = dict(
            connection.execute(
                "select id, extract(epoch from next_fill_timestamp)::float8 from execution"
            ).fetchall()
        )
        while number_of(connection, "select count(*) from gone") < len(due):
            time.sleep(1)
        gone = connection.execute("select id, extract(epoch from at)::float8 from gone")
        for id_, at in gone:
            if at < due[id_]:
                raise RuntimeError("some were filled before their times were read: start later")
            yield at - due[id_]
