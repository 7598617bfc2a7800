-- For the audit: which of the next numbers the ledger has fills of, though no such execution exists;
-- and the last number that was looked at, null when there are no more.
with first as materialized (
    select f.execution_id as id
    from public.fill as f
    where f.execution_id > %(after)s
    order by f.execution_id
    limit 1
)
select
    (select first.id + %(numbers)s from first) as last,
    array(
        select distinct f.execution_id
        from public.fill as f
        where f.execution_id between (select first.id from first)
                and (select first.id + %(numbers)s from first)
            and not exists (
                select from public.execution as e
                where e.id = f.execution_id
            )
            and (%(since)s::timestamptz is null or f.filled_at >= %(since)s)
            and (%(until)s::timestamptz is null or f.filled_at < %(until)s)
    ) as strays
