-- Executions that the database has forgotten come back under their numbers, those it has move on.
insert into public.execution ({{names of execution}})
select {{execution as stored}}
from (
    select distinct on (a.id) a.* from announced as a order by a.id, a.number_of_fills desc
) as e
on conflict (id) do update set
    is_open = excluded.is_open,
    execution_status = excluded.execution_status,
    quantity_ordered = excluded.quantity_ordered,
    limit_price = excluded.limit_price,
    last_fill_timestamp = excluded.last_fill_timestamp,
    quantity_filled = excluded.quantity_filled,
    next_fill_timestamp = excluded.next_fill_timestamp,
    number_of_fills = excluded.number_of_fills,
    total_amount = excluded.total_amount,
    version = excluded.version
returning xmax = 0 as is_new
