-- Fills: the executions move on, the ledger and the outbox say so, all or nothing. A row that is
-- no longer as it was claimed, or waits for its last fill to be published, is left alone.
-- A row's place is the only way to it: `is_open` and the id are compared within a `case`, where no
-- index serves. With statistics of an idle time all that is open would else be read for each fill.
with evaluated as (
    select *
    from json_to_recordset(%(fills)s) as f (
        place tid, execution_id integer, number integer, quantity numeric, price numeric,
        filled_at timestamptz, quantity_filled numeric, total_amount numeric, version integer,
        announced boolean, is_open boolean, execution_status text, next_fill_timestamp timestamptz
    )
),
moved as (
    update public.execution as e
    set
        is_open = f.is_open,
        execution_status = f.execution_status,
        -- pods of the Go service that still run store orders as sent before they were received
        sent_timestamp = greatest(e.sent_timestamp, e.received_timestamp),
        last_fill_timestamp = f.filled_at,
        quantity_filled = f.quantity_filled,
        next_fill_timestamp = f.next_fill_timestamp,
        number_of_fills = f.number,
        total_amount = f.total_amount,
        version = f.version
    from evaluated as f
    -- a locked row stays where it is; its id would be looked up among all its versions, of which
    -- there are many while nothing is cleaned up
    where e.ctid = f.place
        and f.execution_id = case when e.is_open and e.version = f.version - 1 then e.id end
        -- the claim's snapshot may be older than the fill of the session that had the lock before
        -- no `not exists`, for the reason that the claim has
        and (select o.fill_number from public.outbox as o where o.execution_id = e.id) is null
    -- all of it, so that nothing has to be joined again
    returning f.*, e.execution_service_id
),
ledger as (
    insert into public.fill ({{names of fill}})
    select {{names of fill}}
    from moved
),
to_publish as (
    insert into public.outbox (execution_id, fill_number, owner)
    select execution_id, number, %(owner)s
    from moved
    where announced
),
to_tell as (
    insert into public.fix_pending (session_id, execution_id, number)
    select t.session_id, t.execution_id, t.number
    from (
        select
            (select o.session_id from public.fix_order as o where o.execution_id = m.execution_id),
            m.execution_id, m.number
        from moved as m
        -- the others are not by FIX, or fill nothing
        where m.execution_service_id < 0 and m.quantity > 0
        offset 0
    ) as t
    where t.session_id is not null
)
select execution_id from moved
