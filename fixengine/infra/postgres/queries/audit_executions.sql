-- The next executions by their orders, for the audit.
select {{execution as readable}}
from public.execution as e
where (e.execution_service_id, e.id) > (%(order)s, %(id)s)
order by e.execution_service_id, e.id
limit %(limit)s
