-- How far behind the engines are, with what fell due since a given time; counting stops at 10,000,
-- which is as bad as any more.
select
    count(*)::integer as due,
    coalesce(extract(epoch from now() - min(d.next_fill_timestamp)), 0)::float8 as oldest_due_age,
    (select count(*) from public.outbox)::integer as unpublished,
    (
        select coalesce(sum(pg_stat_get_tuples_inserted(i.inhrelid)), 0)::bigint
        from pg_inherits as i
        where i.inhparent = 'public.fill'::regclass
    ) as ledger_inserts
from (
    select e.next_fill_timestamp
    from public.execution as e
    where e.is_open and e.next_fill_timestamp >= %(since)s and e.next_fill_timestamp <= now()
    order by e.next_fill_timestamp nulls first
    limit 10000
) as d
