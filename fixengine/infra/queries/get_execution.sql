-- One execution, for REST.
select
    e.id, e.execution_service_id, e.is_open, e.execution_status, e.trade_type, e.destination,
    e.security_id::text as security_id, e.ticker, e.quantity_ordered, e.limit_price,
    e.received_timestamp, e.sent_timestamp, e.last_fill_timestamp, e.quantity_filled,
    e.next_fill_timestamp, e.number_of_fills, e.total_amount, e.trade_service_execution_id,
    e.version
from public.execution as e
where e.id = %(id)s
