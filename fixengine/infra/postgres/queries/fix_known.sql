-- What is known of ClOrdIDs that a session gave, and of executions: the request if it was a ClOrdID,
-- the order, and the execution as it is now. Where an evaluation waits to be told, what the ledger has
-- of the one before the first of these, and the terms of that time: the client knows no more. Where
-- none waits, what change has closed the execution, if it was one.
-- `offset 0` keeps look-ups for each row from becoming joins.
with asked as materialized (
    select {{fix_request}}
    from unnest(%(cl_ord_ids)s::bytea[]) as a (cl_ord_id)
    cross join lateral (
        select k.*
        from public.fix_request as k
        where k.session_id = %(session_id)s and k.cl_ord_id = a.cl_ord_id
        offset 0
    ) as r
    union all
    select null, null, i.id, null, null, null, null, null
    from unnest(%(execution_ids)s::integer[]) as i (id)
)
select
    w.number as untold,
    {{fix_request}},
    {{fix_order}},
    {{fill}},
    c.kind, later.execution_id is not null as has_other_terms, later.quantity_before,
    later.limit_before,
    {{execution as shown}},
    null as traceparent, x.expires_at, x.time_in_force
from asked as r
left join lateral (
    select k.* from public.fix_order as k where k.execution_id = r.execution_id offset 0
) as o on true
left join lateral (
    select k.* from public.execution as k where k.id = r.execution_id offset 0
) as e on true
left join lateral (
    select k.* from public.expiry as k where k.execution_id = r.execution_id offset 0
) as x on true
left join lateral (
    select min(p.number) as number
    from public.fix_pending as p
    where p.execution_id = r.execution_id
) as w on true
left join lateral (
    select l.*
    from public.fill as l
    where l.execution_id = r.execution_id and l.number = w.number - 1
    offset 0
) as f on true
left join lateral (
    select k.*
    from public.change as k
    where k.execution_id = r.execution_id
        and k.number = coalesce(w.number - 1, case when not e.is_open then e.number_of_fills end)
    offset 0
) as c on true
left join lateral (
    select k.execution_id, k.quantity_before, k.limit_before
    from public.change as k
    where k.execution_id = r.execution_id and k.number >= w.number
    order by k.execution_id, k.number
    limit 1
) as later on true
