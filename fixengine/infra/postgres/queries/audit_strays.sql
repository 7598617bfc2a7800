-- For the audit: which of the next numbers the ledger has fills or changes of, though no such
-- execution exists; and the last number that was looked at, null when there are no more.
with first as materialized (
    select least(
        (
            select f.execution_id
            from public.fill as f
            where f.execution_id > %(after)s
            order by f.execution_id
            limit 1
        ),
        (
            select c.execution_id
            from public.change as c
            where c.execution_id > %(after)s
            order by c.execution_id
            limit 1
        )
    ) as id
),
known as (
    select f.execution_id
    from public.fill as f
    where f.execution_id between (select first.id from first)
            and (select first.id + %(numbers)s from first)
        and (%(since)s::timestamptz is null or f.filled_at >= %(since)s)
        and (%(until)s::timestamptz is null or f.filled_at < %(until)s)
    union
    -- a change has no time but its fill's
    select c.execution_id
    from public.change as c
    where c.execution_id between (select first.id from first)
            and (select first.id + %(numbers)s from first)
        and %(since)s::timestamptz is null and %(until)s::timestamptz is null
)
select
    (select first.id + %(numbers)s from first) as last,
    array(
        select k.execution_id
        from known as k
        where not exists (
            select from public.execution as e
            where e.id = k.execution_id
        )
    ) as strays
