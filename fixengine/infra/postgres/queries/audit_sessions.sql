-- For the audit: FIX sessions that have sent what their numbers don't know of, and the request that
-- has waited longest for a decision, in words.
select format(
    'session %%s has sent message %%s of generation %%s, and is at %%s of %%s',
    s.id, m.seq, m.generation, s.next_out, s.generation
) as said
from public.fix_session as s
cross join lateral (
    select k.generation, k.seq
    from public.fix_sent as k
    where k.session_id = s.id
    order by k.generation desc, k.seq desc
    limit 1
) as m
where m.generation > s.generation or (m.generation = s.generation and m.seq >= s.next_out)
union all
select format(
    'a request of session %%s for execution %%s has been undecided for %%s seconds',
    r.session_id, r.execution_id, extract(epoch from now() - r.asked_at)::integer
)
from (
    select q.session_id, q.execution_id, q.asked_at
    from public.fix_request as q
    where q.state = 'PENDING'
    order by q.asked_at
    limit 1
) as r
where r.asked_at < now() - %(patience)s * interval '1 second'
