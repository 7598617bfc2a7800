-- Locked executions as they are: a statement of its own, as the one that waited for the lock sees
-- what was there before its wait. A NaN, which some other program left, is shown.
select
    e.ctid as place,
    (select o.fill_number from public.outbox as o where o.execution_id = e.id) is not null
        as unpublished,
    greatest(e.quantity_ordered, e.limit_price, e.quantity_filled, e.total_amount) = 'NaN'
        as not_numbers,
    clock_timestamp() as now,
    {{execution as shown}},
    (select t.traceparent from public.execution_trace as t where t.execution_id = e.id)
        as traceparent,
    (select x.expires_at from public.expiry as x where x.execution_id = e.id) as expires_at,
    case
        when e.execution_service_id < 0  -- the others have none
        then (select x.time_in_force from public.expiry as x where x.execution_id = e.id)
    end as time_in_force
from public.execution as e
where e.id = any(%(ids)s::integer[])
