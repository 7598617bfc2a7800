-- A page of executions, newest first, for REST; a null parameter filters nothing. Planned anew
-- for each call, when the nulls are known. Read from the newest on, until the page is full: the
-- engine's sessions leave the planner no other way. With statistics of another time it would read,
-- and sort, the whole table for a status that seems to be rare. Times that nothing can show are cut
-- to those that can be, numbers that are none are 0.
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
where (%(before_id)s::integer is null or e.id < %(before_id)s)
    and (%(is_open)s::boolean is null or e.is_open = %(is_open)s)
    and (%(status)s::text is null or e.execution_status = %(status)s)
    and (%(ticker)s::text is null or e.ticker = %(ticker)s)
    and (%(trade_type)s::text is null or e.trade_type = %(trade_type)s)
    and (%(destination)s::text is null or e.destination = %(destination)s)
    -- by its id, as all else is: the planner has nothing to choose
    and (%(execution_service_id)s::integer is null
        or e.id = (
            select s.id
            from public.execution as s
            where s.execution_service_id = %(execution_service_id)s
        ))
    and (%(received_since)s::timestamptz is null or e.received_timestamp >= %(received_since)s)
    and (%(received_until)s::timestamptz is null or e.received_timestamp < %(received_until)s)
order by e.id desc
limit %(limit)s
