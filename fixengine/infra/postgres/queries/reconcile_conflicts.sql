-- Executions of which topic and database, or the topic by itself, tell two stories: an engine has
-- worked on the restored database, and has given away numbers, or filled, a second time.
select m.id, m.execution_service_id
from (select distinct m.id, m.execution_service_id from message as m) as m
join public.execution as e
    on (e.id = m.id and e.execution_service_id <> m.execution_service_id)
    or (e.execution_service_id = m.execution_service_id and e.id <> m.id)
union
select m.id, m.execution_service_id
from message as m
join public.fill as f on f.execution_id = m.id and f.number = m.number_of_fills
left join public.change as c on c.execution_id = f.execution_id and c.number = f.number
where (f.quantity_filled, f.total_amount) <> (m.quantity_filled, m.total_amount)
    or coalesce(c.kind = any('{CANCEL,EXPIRE}'), false)
        <> (m.execution_status = any('{CNCLD,CPART}'))
union
select m.id, min(m.execution_service_id)
from message as m
left join public.execution as e on e.id = m.id
where e.id is null or m.number_of_fills > e.number_of_fills
group by m.id, m.number_of_fills
having count(distinct (
    m.execution_service_id, m.execution_status, m.quantity_ordered, m.limit_price,
    m.quantity_filled, m.total_amount, m.version
)) > 1
order by 1
limit 5
