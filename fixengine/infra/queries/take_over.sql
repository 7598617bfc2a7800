-- What engines that are gone left unpublished. An engine is gone when nobody holds its lock;
-- taking it here for a moment keeps two heirs apart.
with gone as materialized (
    select o.owner
    from (select distinct owner from public.outbox where owner <> %(owner)s) as o
    where pg_try_advisory_xact_lock(%(lock_class)s, o.owner)
)
update public.outbox as o
set owner = %(owner)s
from gone
where o.owner = gone.owner
