-- What is known of ClOrdIDs that a session gave: the request, its order, and the execution as it is
-- now. `offset 0` keeps look-ups for each row from becoming joins.
select
    r.session_id, r.cl_ord_id, r.execution_id, r.kind, r.state, r.quantity, r.limit_price,
    r.asked_at,
    o.execution_id, o.session_id, o.cl_ord_id, o.pending_cl_ord_id, o.account, o.side, o.ord_type,
    o.time_in_force,
    {{execution as shown}},
    null as traceparent, x.expires_at, x.time_in_force
from unnest(%(cl_ord_ids)s::bytea[]) as a (cl_ord_id)
cross join lateral (
    select k.*
    from public.fix_request as k
    where k.session_id = %(session_id)s and k.cl_ord_id = a.cl_ord_id
    offset 0
) as r
left join lateral (
    select k.* from public.fix_order as k where k.execution_id = r.execution_id offset 0
) as o on true
left join lateral (
    select k.* from public.execution as k where k.id = r.execution_id offset 0
) as e on true
left join lateral (
    select k.* from public.expiry as k where k.execution_id = r.execution_id offset 0
) as x on true
