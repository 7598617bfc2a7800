-- Changes by the keys of their requests: what each was, and the execution as it is now.
-- `offset 0` keeps look-ups for each row from becoming joins.
select
    c.request_key, c.kind, c.quantity, c.limit_price,
    {{fill}},
    {{execution as readable}}
from json_to_recordset(%(asked)s) as a (execution_id integer, key text)
cross join lateral (
    select k.* from public.change as k
    where k.execution_id = a.execution_id and k.request_key = a.key
    offset 0
) as c
cross join lateral (
    select l.* from public.fill as l
    where l.execution_id = c.execution_id and l.number = c.number
    offset 0
) as f
cross join lateral (
    select x.*
    from public.execution as x
    where x.id = c.execution_id
        and greatest(x.quantity_ordered, x.limit_price, x.quantity_filled, x.total_amount) <> 'NaN'
    offset 0
) as e
