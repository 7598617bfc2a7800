-- How far behind the engines are, with what fell due since a given time; counting stops at 10,000,
-- as more would be no worse.
-- Read in the order of the index, as the claim is. Within a `case` no other index serves for
-- `is_open`: with statistics of an idle time all that is open would be read, and sorted.
select
    count(*)::integer as due,
    coalesce(extract(epoch from now() - min(d.next_fill_timestamp)), 0)::float8 as oldest_due_age,
    -- no index has the owner: the outbox is read as it lies, not by dead entries of its index
    (select count(o.owner) from public.outbox as o)::integer as unpublished,
    (
        select coalesce(sum(pg_stat_get_tuples_inserted(i.inhrelid)), 0)::bigint
        from pg_inherits as i
        where i.inhparent = 'public.fill'::regclass
    ) as ledger_inserts,
    coalesce(
        (
            select 1 - pg_sequence_last_value(s.seqrelid) / least(s.seqmax, 2147483647)::float8
            from pg_sequence as s
            where s.seqrelid = pg_get_serial_sequence('public.execution', 'id')::regclass
        ),
        1
    ) as numbers_left,
    extract(epoch from clock_timestamp())::float8 as clock
from (
    select e.next_fill_timestamp
    from public.execution as e
    where case when e.is_open then true end
        and e.next_fill_timestamp >= %(since)s and e.next_fill_timestamp <= now()
    order by e.next_fill_timestamp nulls first
    limit 10000
) as d
