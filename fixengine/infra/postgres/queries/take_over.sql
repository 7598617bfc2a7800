-- What engines that are gone left unpublished, and whether this engine has any there. An engine is
-- gone when nobody holds its lock; the suspects have been for long enough. Taking the lock here for
-- a moment keeps two heirs apart.
-- Not a join: whatever the statistics say, the outbox is read twice, as it lies.
with owners as materialized (
    select distinct owner from public.outbox
),
gone as materialized (
    select o.owner
    from (select owner from owners where owner <> %(owner)s offset 0) as o
    where pg_try_advisory_xact_lock(%(lock_class)s, o.owner)
),
taken as (
    update public.outbox as o
    set owner = %(owner)s
    where o.owner = any(array(
        select gone.owner from gone where gone.owner = any(%(suspects)s::integer[])
    ))
    returning o.execution_id
)
select
    coalesce(array_agg(gone.owner), '{}') as gone,
    (select count(*) from taken)::integer as taken,
    (select count(*) from owners where owner = %(owner)s) > 0 as has_own
from gone
