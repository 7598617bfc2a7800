-- The ledgers of some executions, for the audit.
select
    f.execution_id, f.number, f.quantity, f.price,
    case
        when f.filled_at is not null
        then least(greatest(f.filled_at, '0001-01-02'), '9999-12-30')
    end as filled_at,
    f.quantity_filled, f.total_amount, f.version, f.announced
from public.fill as f
where f.execution_id = any(%(ids)s)
