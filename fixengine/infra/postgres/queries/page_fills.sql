-- A page of one execution's fills, oldest first, for REST: what kind of change each is if it is
-- one, and the terms after it. `offset 0` keeps look-ups for each row from becoming joins.
select
    {{fill}},
    c.kind, c.quantity as quantity_ordered, c.limit_price
from (
    select l.*
    from public.fill as l
    where l.execution_id = %(execution_id)s and l.number > %(after)s
    order by l.number
    limit %(limit)s
) as f
left join lateral (
    select k.*
    from public.change as k
    where k.execution_id = f.execution_id and k.number = f.number
    offset 0
) as c on true
order by f.number
