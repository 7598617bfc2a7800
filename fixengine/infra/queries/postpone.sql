-- Executions that could not be priced are tried again later; nothing else about them changes.
update public.execution as e
set next_fill_timestamp = p.next_fill_timestamp
from unnest(%(execution_ids)b::integer[], %(next_fills)b::timestamptz[])
    as p (execution_id, next_fill_timestamp)
where e.id = p.execution_id and e.is_open
