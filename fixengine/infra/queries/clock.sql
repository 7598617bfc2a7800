-- The database's time, and how many seconds from it the next execution falls due.
select
    now() as now,
    (
        select extract(epoch from e.next_fill_timestamp - now())::float8
        from public.execution as e
        where e.is_open and e.next_fill_timestamp > now()
        order by e.next_fill_timestamp nulls first
        limit 1
    ) as next_due_in
