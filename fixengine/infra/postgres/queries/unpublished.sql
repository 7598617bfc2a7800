-- Fills that this engine still has to publish, as they were: the ledger has what changes from
-- fill to fill, the execution what never does. No rows when the engine's lock is not held.
-- `offset 0` keeps two look-ups for each row from becoming joins, which with statistics of another
-- time would read ledger and executions as a whole.
with waiting as materialized (
    select o.execution_id, o.fill_number, o.stored_at
    from public.outbox as o
    where o.owner = %(owner)s
        -- `+ 0` lets it be read as it lies: there is little in it, but while nothing is cleaned up
        -- its index would lead to all that has been, here and there
        and o.execution_id + 0 > %(after)s
        and o.stored_at <= now() - make_interval(secs => %(older_than)s)
        and exists (
            select from pg_locks as l
            where l.locktype = 'advisory' and l.granted and l.objsubid = 2
                and l.database = (
                    select d.oid from pg_database as d where d.datname = current_database()
                )
                and l.classid = %(lock_class)s::integer::oid
                and l.objid = %(owner)s::integer::oid
        )
    order by o.execution_id + 0
    limit %(limit)s
)
select
    w.stored_at,
    f.quantity, f.price, f.announced,
    f.quantity_filled < e.quantity_ordered as is_open,
    case
        when f.quantity_filled = e.quantity_ordered then 'FULL'
        when f.quantity_filled > 0 then 'PART'
        else 'WORK'
    end as execution_status,
    f.filled_at as last_fill_timestamp, f.quantity_filled, f.number as number_of_fills,
    f.total_amount, f.version,
    {{execution as readable}},
    (select t.traceparent from public.execution_trace as t where t.execution_id = e.id)
        as traceparent
from waiting as w
cross join lateral (
    select l.*
    from public.fill as l
    where l.execution_id = w.execution_id and l.number = w.fill_number
    offset 0
) as f
cross join lateral (
    select x.* from public.execution as x where x.id = w.execution_id offset 0
) as e
order by w.execution_id
