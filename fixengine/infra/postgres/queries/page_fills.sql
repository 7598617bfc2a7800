-- A page of one execution's fills, oldest first, for REST.
select
    f.execution_id, f.number, f.quantity, f.price, f.filled_at, f.quantity_filled,
    f.total_amount, f.version, f.announced
from public.fill as f
where f.execution_id = %(execution_id)s and f.number > %(after)s
order by f.number
limit %(limit)s
