-- Waits for executions that are to change, as long as `lock_timeout` says, in the order of their
-- numbers, so that no two sessions wait for each other. A claim that has one ends first.
select e.id
from public.execution as e
where e.id = any(%(ids)s::integer[])
order by e.id
for update of e
