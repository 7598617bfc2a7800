-- The database's time, and how many seconds from it the next execution falls due.
select
    now() as now,
    extract(epoch from min(e.next_fill_timestamp) - now())::float8 as next_due_in
from public.execution as e
where e.is_open and e.next_fill_timestamp > now()
