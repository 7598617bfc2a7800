-- Executions by their ids, for REST.
select {{execution as shown}}
from public.execution as e
where e.id = any(%(ids)b::integer[])
