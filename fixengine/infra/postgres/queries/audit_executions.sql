-- The next executions by their orders, for the audit.
select
    {{execution as readable}},
    null as traceparent,
    (
        select least(greatest(x.expires_at, '0001-01-02'), '9999-12-30')
        from public.expiry as x
        -- of a null the earliest is not the end
        where x.execution_id = e.id and x.expires_at is not null
    ) as expires_at,
    (select x.time_in_force from public.expiry as x where x.execution_id = e.id) as time_in_force
from public.execution as e
where (e.execution_service_id, e.id) > (%(order)s, %(id)s)
order by e.execution_service_id, e.id
limit %(limit)s
