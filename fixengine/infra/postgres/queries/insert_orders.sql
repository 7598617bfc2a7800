-- New orders become executions; those seen before change nothing. They are left out beforehand: the
-- insert would find the conflict only after it had taken a number for the row. Sorted, so that two
-- engines that insert the same orders wait for each other instead of deadlocking.
with o as materialized (
    select *
    from json_to_recordset(%(orders)s) as o (
        id integer, trade_type text, destination text, security_id text, ticker text,
        quantity numeric, limit_price numeric, received_timestamp timestamptz,
        trade_service_execution_id integer, version integer, traceparent text,
        expires_at timestamptz
    )
    -- within a `case` the planner takes it for likely: else it would expect next to no rows, and
    -- join them in a loop
    where case
        when (
            select e.id
            from public.execution as e
            where e.execution_service_id = o.id
        ) is null then true
    end
),
stored as (
    insert into public.execution (
        execution_service_id, is_open, execution_status, trade_type, destination, security_id,
        ticker, quantity_ordered, limit_price, received_timestamp, sent_timestamp,
        next_fill_timestamp, trade_service_execution_id, version
    )
    select
        o.id, true, 'WORK', o.trade_type, o.destination, o.security_id, o.ticker,
        o.quantity, o.limit_price, o.received_timestamp,
        greatest(now(), o.received_timestamp),
        -- of a null nothing is the least
        least(now() + %(first_fill_delay)s * interval '1 second', o.expires_at),
        o.trade_service_execution_id, o.version
    from o
    order by o.id
    on conflict (execution_service_id) do nothing
    returning id, execution_service_id
),
traced as (
    insert into public.execution_trace (execution_id, traceparent)
    select stored.id, o.traceparent
    from o
    join stored on stored.execution_service_id = o.id
    where o.traceparent is not null
),
timed as (
    insert into public.expiry (execution_id, expires_at)
    select stored.id, o.expires_at
    from o
    join stored on stored.execution_service_id = o.id
    where o.expires_at is not null
)
select count(*)::integer from stored
