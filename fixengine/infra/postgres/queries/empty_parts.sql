-- Parts of the ledger whose executions are all gone, for good: later ones have got their numbers.
with parts as (
    select
        c.relname as name,
        split_part(c.relname, '_', 2)::bigint + 1000000 as ends
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'public.fill'::regclass and c.relname ~ '^fill_[0-9]+$'
),
ranges as (
    select p.name, lag(p.ends, 1, 0) over (order by p.ends) as begins, p.ends from parts as p
)
select r.name
from ranges as r
where r.ends <= pg_sequence_last_value(
    pg_get_serial_sequence('public.execution', 'id')::regclass
)
    -- `not exists` would be a join, and with statistics of another time read all executions for
    -- each part
    and (
        select e.id
        from public.execution as e
        where e.id >= r.begins and e.id < r.ends
        order by e.id
        limit 1
    ) is null
order by r.ends
