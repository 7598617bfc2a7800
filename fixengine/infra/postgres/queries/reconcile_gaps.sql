-- Fills before which a message is missing: an evaluation goes unannounced only while nothing is
-- filled, so what follows on anything else comes right after it.
select g.id, g.number
from (
    select
        a.id, a.number_of_fills as number,
        lag(a.number_of_fills, 1, coalesce(e.number_of_fills, 0)) over execution as before,
        lag(a.quantity_filled, 1, coalesce(e.quantity_filled, 0)) over execution as filled_before
    from announced as a
    left join public.execution as e on e.id = a.id
    window execution as (partition by a.id order by a.number_of_fills)
) as g
where g.number > g.before + 1 and g.filled_before > 0
order by g.id, g.number
limit 5
