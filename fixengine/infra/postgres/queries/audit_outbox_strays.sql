-- For the audit: executions that do not exist, though the outbox has fills of them.
select o.execution_id
from public.outbox as o
where not exists (
    select from public.execution as e
    where e.id = o.execution_id
)
