-- Locks claimed rows once more, but for those that others have claimed since. A row that has moved
-- is not found, and whoever uses the lock compares the version.
select e.id
from public.execution as e
where e.ctid = any(%(places)s::tid[])
for update of e skip locked
