-- Executions that could not be priced, or stored, are tried again later; nothing else about them
-- changes, and nothing at all where somebody filled them after they were read.
-- Each is looked up by its id first, then updated at its place: a join by the id, with statistics
-- of an idle time, would read all that is open for each of them.
with p as materialized (
    select
        r.version, r.next_fill_timestamp,
        (select w.ctid from public.execution as w where w.id = r.execution_id) as place
    from json_to_recordset(%(postponed)s)
        as r (execution_id integer, version integer, next_fill_timestamp timestamptz)
)
update public.execution as e
set next_fill_timestamp = p.next_fill_timestamp
from p
-- within a `case` no index serves for `is_open`
where e.ctid = p.place and e.version = case when e.is_open then p.version end
