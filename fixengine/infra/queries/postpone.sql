-- Executions that could not be priced are tried again later; nothing else about them changes.
update public.execution as e
set next_fill_timestamp = p.next_fill_timestamp
from json_to_recordset(%(postponed)s)
    as p (execution_id integer, next_fill_timestamp timestamptz)
where e.id = p.execution_id and e.is_open
