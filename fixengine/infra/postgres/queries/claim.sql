-- What fell due in a stretch of time, longest due first, locked until the transaction ends. One
-- whose last fill is not published yet has to wait, so that an execution's fills reach the topic
-- in order.
-- Read in the order of the index by which it is due: the engine's sessions leave the planner no
-- other way. With statistics of an idle time it would read, and sort, all that is open each time.
-- `nulls first`, though no null is among them, is the order in which the index can be read.
select
    e.ctid as place,
    {{execution as stored}},
    (select t.traceparent from public.execution_trace as t where t.execution_id = e.id)
        as traceparent,
    (select x.expires_at from public.expiry as x where x.execution_id = e.id) as expires_at,
    case
        when e.execution_service_id < 0  -- the others have none
        then (select x.time_in_force from public.expiry as x where x.execution_id = e.id)
    end as time_in_force
from public.execution as e
where e.is_open
    and e.next_fill_timestamp >= %(since)s
    and e.next_fill_timestamp <= least(%(until)s::timestamptz, now())
    -- what another program left that nobody can fill or even read must not stop the others
    and e.quantity_filled <= e.quantity_ordered
    -- no number is greater than NaN
    and greatest(e.quantity_ordered, e.limit_price, e.total_amount) <> 'NaN'
    and e.received_timestamp > '0001-01-02' and e.received_timestamp < '9999-12-30'
    and e.sent_timestamp > '0001-01-02' and e.sent_timestamp < '9999-12-30'
    and coalesce(e.last_fill_timestamp, now()) > '0001-01-02'
    and coalesce(e.last_fill_timestamp, now()) < '9999-12-30'
    -- `not exists` would be a join, and its plan, kept from when the outbox was empty, read it
    -- as a whole for every row
    and (select o.fill_number from public.outbox as o where o.execution_id = e.id) is null
    and e.id <> all(%(passed_over)s::integer[])
order by e.next_fill_timestamp nulls first
limit %(limit)s
for update of e skip locked
