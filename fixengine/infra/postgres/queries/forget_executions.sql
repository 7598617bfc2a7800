-- Deletes, among the next executions by number, those that are closed and were received before the
-- time that is kept. Returns the last number, how many were received before that time, and how
-- many are deleted. One stays until its last fill is published, and its FIX client was told all.
-- Rows go by their place: joins, with statistics of another time, would read whole tables.
with next as materialized (
    select
        e.ctid as place, e.id, e.is_open,
        e.received_timestamp < now() - %(days)s * interval '1 day' as is_old
    from public.execution as e
    where e.id > %(after)s
    order by e.id
    limit %(limit)s
),
gone as (
    delete from public.execution as e
    where e.ctid = any(array(
            select n.place
            from next as n
            where n.is_old and not n.is_open
                and (select o.fill_number from public.outbox as o where o.execution_id = n.id)
                    is null
                and (
                    select p.position
                    from public.fix_pending as p
                    where p.execution_id = n.id
                    limit 1
                ) is null
        ))
        and not e.is_open
    returning e.id
),
traces as (
    delete from public.execution_trace as t
    where t.ctid = any(array(
        select (select w.ctid from public.execution_trace as w where w.execution_id = gone.id)
        from gone
    ))
),
expiries as (
    delete from public.expiry as x
    where x.ctid = any(array(
        select (select w.ctid from public.expiry as w where w.execution_id = gone.id)
        from gone
    ))
),
changes as (
    delete from public.change as c
    where c.ctid = any(array(
        select w.ctid
        from gone
        cross join lateral (
            select k.ctid from public.change as k where k.execution_id = gone.id offset 0
        ) as w
    ))
),
fix_orders as (
    delete from public.fix_order as o
    where o.ctid = any(array(
        select (select w.ctid from public.fix_order as w where w.execution_id = gone.id)
        from gone
    ))
),
fix_requests as (
    delete from public.fix_request as r
    where r.ctid = any(array(
        select w.ctid
        from gone
        cross join lateral (
            select q.ctid from public.fix_request as q where q.execution_id = gone.id offset 0
        ) as w
    ))
)
select
    (select max(n.id) from next as n) as last,
    (select count(*)::integer from next as n where n.is_old) as old,
    (select count(*)::integer from gone) as gone
