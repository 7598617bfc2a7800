-- For the audit: which evaluations of some executions their FIX clients were told of and in what
-- words, which they have yet to be told of, and how many rows of these are another session's. Of an
-- execution without a row no client knows.
select
    o.execution_id,
    s.sent,
    s.bodies,
    array(
        select p.number
        from public.fix_pending as p
        where p.execution_id = o.execution_id and p.number is not null
    ) as waiting,
    s.strange + (
        select count(*)
        from public.fix_pending as p
        where p.execution_id = o.execution_id and p.session_id <> o.session_id
    ) as strange
from public.fix_order as o
cross join lateral (
    select
        coalesce(array_agg(m.number), '{}') as sent,
        coalesce(array_agg(m.body), '{}') as bodies,
        count(*) filter (where m.session_id <> o.session_id) as strange
    from public.fix_sent as m
    where m.execution_id = o.execution_id
) as s
where o.execution_id = any(%(ids)s)
