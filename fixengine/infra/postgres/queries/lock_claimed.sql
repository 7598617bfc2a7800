-- Locks what was claimed once more, but for what others have claimed since. A row that is no longer
-- where it was is not found, and whatever uses the lock compares the version.
select e.id
from public.execution as e
where e.ctid = any(%(places)s::tid[])
for update of e skip locked
