-- Executions that the database has forgotten come back under their numbers, those it has move on;
-- open ones are due at once.
with latest as (
    select distinct on (a.id) a.* from announced as a order by a.id, a.number_of_fills desc
)
insert into public.execution as e (
    id, execution_service_id, is_open, execution_status, trade_type, destination, security_id,
    ticker, quantity_ordered, limit_price, received_timestamp, sent_timestamp,
    last_fill_timestamp, quantity_filled, next_fill_timestamp, number_of_fills, total_amount,
    trade_service_execution_id, version
)
select
    l.id, l.execution_service_id, l.is_open, l.execution_status, l.trade_type, l.destination,
    l.security_id, l.ticker, l.quantity_ordered, l.limit_price, l.received_timestamp,
    l.sent_timestamp, l.last_fill_timestamp, l.quantity_filled,
    case when l.is_open then now() end, l.number_of_fills, l.total_amount,
    l.trade_service_execution_id, l.version
from latest as l
on conflict (id) do update set
    is_open = excluded.is_open,
    execution_status = excluded.execution_status,
    last_fill_timestamp = excluded.last_fill_timestamp,
    quantity_filled = excluded.quantity_filled,
    next_fill_timestamp = excluded.next_fill_timestamp,
    number_of_fills = excluded.number_of_fills,
    total_amount = excluded.total_amount,
    version = excluded.version
returning xmax = 0 as is_new
