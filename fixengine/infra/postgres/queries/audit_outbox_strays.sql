-- Executions that the outbox has fills of and that do not exist, for the audit.
select o.execution_id
from public.outbox as o
where not exists (
    select from public.execution as e
    where e.id = o.execution_id
)
