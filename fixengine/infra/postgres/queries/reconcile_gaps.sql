-- Fills before which a message is missing: an evaluation goes unannounced only while nothing is
-- filled, so what follows on anything else comes right after it. Those of orders by FIX may be
-- announced from some day on.
select g.id, g.number
from (
    select
        a.id, a.number_of_fills as number, a.execution_service_id < 0 as by_fix,
        lag(a.number_of_fills, 1, coalesce(e.number_of_fills, 0)) over execution as before,
        lag(a.quantity_filled, 1, coalesce(e.quantity_filled, 0)) over execution as filled_before
    from announced as a
    left join public.execution as e on e.id = a.id
    window execution as (partition by a.id order by a.number_of_fills)
) as g
where g.number > g.before + 1 and g.filled_before > 0 and not g.by_fix
order by g.id, g.number
limit 5
