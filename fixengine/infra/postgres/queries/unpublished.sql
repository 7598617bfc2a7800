-- Fills that this engine still has to publish: the ledger's row, what kind of change it is if it is
-- one, the terms that held for it, and the execution as it is now. No rows when the engine's lock
-- is not held.
-- `offset 0` keeps look-ups for each row from becoming joins, which with statistics of another
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
            select from ({{held locks}}) as l where l.id = %(owner)s::integer
        )
    order by o.execution_id + 0
    limit %(limit)s
)
select
    w.stored_at,
    {{fill}},
    (
        select c.kind from public.change as c
        where c.execution_id = f.execution_id and c.number = f.number
    ) as kind,
    later.execution_id is not null as has_other_terms, later.quantity_before, later.limit_before,
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
left join lateral (
    select c.execution_id, c.quantity_before, c.limit_before
    from public.change as c
    where c.execution_id = w.execution_id and c.number > w.fill_number
    order by c.number
    limit 1
) as later on true
order by w.execution_id
