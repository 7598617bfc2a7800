-- What a stretch of executions adds up to. The whole table is added up stretch by stretch, so that
-- no query is long, however large the table. A number that is NaN adds nothing.
select
    s.execution_status as status, count(*)::integer as executions,
    sum(s.quantity_ordered) as quantity_ordered, sum(s.quantity_filled) as quantity_filled,
    sum(s.total_amount) as total_amount, max(s.id) as last_id
from (
    select
        e.id, e.execution_status,
        coalesce(nullif(e.quantity_ordered, 'NaN'), 0) as quantity_ordered,
        coalesce(nullif(e.quantity_filled, 'NaN'), 0) as quantity_filled,
        coalesce(nullif(e.total_amount, 'NaN'), 0) as total_amount
    from public.execution as e
    where e.id > %(after)s
    order by e.id
    limit %(limit)s
) as s
group by s.execution_status
