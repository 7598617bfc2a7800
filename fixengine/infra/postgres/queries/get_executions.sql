-- Executions by their ids, for REST. Times that nothing can show are cut to those that can be shown,
-- numbers that are none are 0.
select
    e.id, e.execution_service_id, e.is_open, e.execution_status, e.trade_type, e.destination,
    e.security_id::text as security_id, e.ticker,
    coalesce(nullif(e.quantity_ordered, 'NaN'), 0) as quantity_ordered,
    nullif(e.limit_price, 'NaN') as limit_price,
    least(greatest(e.received_timestamp, '0001-01-02'), '9999-12-30') as received_timestamp,
    least(greatest(e.sent_timestamp, '0001-01-02'), '9999-12-30') as sent_timestamp,
    case
        when e.last_fill_timestamp is not null
        then least(greatest(e.last_fill_timestamp, '0001-01-02'), '9999-12-30')
    end as last_fill_timestamp,
    coalesce(nullif(e.quantity_filled, 'NaN'), 0) as quantity_filled,
    case
        when e.next_fill_timestamp is not null
        then least(greatest(e.next_fill_timestamp, '0001-01-02'), '9999-12-30')
    end as next_fill_timestamp,
    e.number_of_fills, coalesce(nullif(e.total_amount, 'NaN'), 0) as total_amount,
    e.trade_service_execution_id, e.version
from public.execution as e
where e.id = any(%(ids)b::integer[])
