-- For the audit: which evaluations of some executions their FIX clients were told of, and which
-- they have yet to be told of. Of an execution without a row no client knows.
select
    o.execution_id,
    array(
        select s.number from public.fix_sent as s where s.execution_id = o.execution_id
    ) as sent,
    array(
        select p.number
        from public.fix_pending as p
        where p.execution_id = o.execution_id and p.number is not null
    ) as waiting
from public.fix_order as o
where o.execution_id = any(%(ids)s)
