-- Which evaluations of some executions were changes, for the audit.
select
    c.execution_id, c.number, c.kind, c.quantity_before, c.limit_before, c.quantity, c.limit_price,
    c.request_key
from public.change as c
where c.execution_id = any(%(ids)s)
