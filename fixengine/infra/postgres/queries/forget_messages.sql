-- Deletes what FIX clients can't ask for any more and is older than what is kept: messages of
-- generations that ended, and requests that no order came of. Returns how many are deleted.
-- Of each session the oldest are looked at, in the order of the index.
with messages as (
    delete from public.fix_sent as m
    where m.ctid = any(array(
        select w.place
        from public.fix_session as s
        cross join lateral (
            select t.ctid as place, t.sent_at
            from public.fix_sent as t
            where t.session_id = s.id and t.generation < s.generation
            order by t.generation, t.seq
            limit %(limit)s
        ) as w
        where w.sent_at < now() - %(days)s * interval '1 day'
        limit %(limit)s
    ))
    returning m.seq
),
requests as (
    delete from public.fix_request as r
    where r.ctid = any(array(
        select q.ctid
        from public.fix_request as q
        where q.execution_id is null and q.asked_at < now() - %(days)s * interval '1 day'
        order by q.execution_id, q.asked_at
        limit %(limit)s
    ))
    returning r.cl_ord_id
)
select
    (select count(*)::integer from messages) + (select count(*)::integer from requests) as gone
