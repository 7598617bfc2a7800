-- Executions that could not be priced, or stored, are tried again later; nothing else about them
-- changes, and nothing at all where somebody filled them after they were read.
update public.execution as e
set next_fill_timestamp = p.next_fill_timestamp
from json_to_recordset(%(postponed)s)
    as p (execution_id integer, version integer, next_fill_timestamp timestamptz)
where e.id = p.execution_id and e.version = p.version and e.is_open
