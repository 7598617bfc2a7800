-- What a session has to be told next: evaluations, each with the ledger's row, what kind of change
-- it is if it is one, and the terms that held for it; and refused requests, each with what change has
-- closed the execution, if it was one. With either, the order, and the execution as it is now.
-- An execution's evaluations take their positions under the lock of its row, and each is committed
-- before the next one can begin: so they are in their order, and none is missing in between. A
-- request is refused after what led to it was committed, so it has a later position, too.
-- `offset 0` keeps look-ups for each row from becoming joins.
with waiting as materialized (
    select p.*
    from public.fix_pending as p
    where p.session_id = %(session_id)s
    order by p.session_id, p.position
    limit %(limit)s
)
select
    w.position, w.reason, c.request_key,
    {{fix_order}},
    {{fix_request}},
    {{fill}},
    c.kind, later.execution_id is not null as has_other_terms, later.quantity_before,
    later.limit_before,
    {{execution as shown}},
    null as traceparent, x.expires_at, x.time_in_force
from waiting as w
cross join lateral (
    select k.* from public.fix_order as k where k.execution_id = w.execution_id offset 0
) as o
cross join lateral (
    select k.* from public.execution as k where k.id = w.execution_id offset 0
) as e
left join lateral (
    select k.* from public.expiry as k where k.execution_id = w.execution_id offset 0
) as x on true
left join lateral (
    select k.*
    from public.fix_request as k
    where k.session_id = w.session_id and k.cl_ord_id = w.cl_ord_id
    offset 0
) as r on true
left join lateral (
    select l.*
    from public.fill as l
    where l.execution_id = w.execution_id and l.number = w.number
    offset 0
) as f on true
left join lateral (
    select k.*
    from public.change as k
    where k.execution_id = w.execution_id
        and k.number = coalesce(w.number, case when not e.is_open then e.number_of_fills end)
    offset 0
) as c on true
left join lateral (
    select k.execution_id, k.quantity_before, k.limit_before
    from public.change as k
    where k.execution_id = w.execution_id and k.number > w.number
    order by k.execution_id, k.number
    limit 1
) as later on true
order by w.position
