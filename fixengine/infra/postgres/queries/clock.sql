-- The database's time, how many seconds from it the next execution falls due, and whether any fell
-- due in a stretch of time. Read in the order of the index, as the claim is and for its reason.
select
    now() as now,
    (
        select extract(epoch from e.next_fill_timestamp - now())::float8
        from public.execution as e
        where e.is_open and e.next_fill_timestamp > now()
        order by e.next_fill_timestamp nulls first
        limit 1
    ) as next_due_in,
    (
        select true
        from public.execution as e
        where e.is_open
            and e.next_fill_timestamp >= %(since)s
            and e.next_fill_timestamp <= least(%(until)s::timestamptz, now())
        order by e.next_fill_timestamp nulls first
        limit 1
    ) is not null as is_due
