-- A page of sessions for REST, lowest id first: whether a gateway holds each, how much has to be told
-- to its client, and how many of its requests nobody has decided. Both are counted up to a bound, as
-- there may be a million of them.
-- `offset 0` keeps look-ups for each row from becoming joins.
with page as materialized (
    select s.*
    from public.fix_session as s
    where s.id > %(after)s
        and (%(peer)s::bytea is null or s.peer_comp_id = %(peer)s::bytea)
    order by s.id
    limit %(limit)s
),
held as materialized (
    {{held locks}}
),
undecided as materialized (
    select u.session_id, count(*) as requests
    from (
        select r.session_id
        from public.fix_request as r
        where r.state = 'PENDING'
        order by r.asked_at
        limit 10000
    ) as u
    group by u.session_id
)
select
    p.id, p.begin_string, p.own_comp_id, p.peer_comp_id,
    p.id in (select h.id from held as h) as is_held,
    p.owner, p.epoch, p.generation, p.began_at, p.next_in, p.next_out, p.seen_at, p.reset_wanted,
    w.reports,
    coalesce((select u.requests from undecided as u where u.session_id = p.id), 0) as requests
from page as p
cross join lateral (
    select count(*) as reports
    from (
        select q.position from public.fix_pending as q where q.session_id = p.id limit 1000
    ) as q
    offset 0
) as w
order by p.id
