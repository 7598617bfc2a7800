-- Requests to cancel and replace that wait longest, but for those in hand. Those whose change is
-- stored wait no more: they are marked, or they would be in the way of others until their session is
-- there to be told.
with oldest as materialized (
    select
        r.ctid as place, {{fix_request}},
        (
            select c.number
            from public.change as c
            where c.execution_id = r.execution_id and c.request_key = k.request_key
        ) is not null as is_done
    from public.fix_request as r
    cross join lateral (
        select 'fix:' || r.session_id || ':' || encode(r.cl_ord_id, 'hex') as request_key
    ) as k
    where r.state = 'PENDING' and k.request_key not in (select unnest(%(in_hand)s::text[]))
    order by r.asked_at
    limit %(limit)s
),
done as (
    update public.fix_request as r
    set state = 'DONE'
    -- within a `case` no index serves but the row's place
    where case when r.state = 'PENDING' then true end
        and r.ctid = any(array(select o.place from oldest as o where o.is_done))
)
select {{fix_request}}
from oldest as r
where not r.is_done
order by r.asked_at
