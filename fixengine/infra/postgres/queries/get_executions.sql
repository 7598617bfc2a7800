-- Executions by their ids, for REST.
select e.id, e.version, {{execution as json}} as json
from public.execution as e
where e.id = any(%(ids)b::integer[])
