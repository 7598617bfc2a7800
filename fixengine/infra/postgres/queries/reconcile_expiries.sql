-- Executions that come back are over when their orders say: the first ones of their ids, as others
-- changed nothing.
insert into public.expiry (execution_id, expires_at)
select a.id, o.expires_at
from (select distinct on (a.id) a.id, a.execution_service_id from announced as a) as a
join (select distinct on (o.order_id) o.* from ordered as o order by o.order_id, o.place) as o
    on o.order_id = a.execution_service_id
left join public.execution as e on e.id = a.id
where o.expires_at is not null and e.id is null
on conflict (execution_id) do nothing
