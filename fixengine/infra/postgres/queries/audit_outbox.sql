-- Which fills of some executions the broker has not acknowledged, for the audit.
select o.execution_id, o.fill_number
from public.outbox as o
where o.execution_id = any(%(ids)s)
