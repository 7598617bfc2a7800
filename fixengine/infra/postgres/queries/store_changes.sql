-- Changes: executions end or have new terms, and ledger and outbox say so, as with fills, all or
-- nothing. A row that is no longer as it was looked at, or waits for its last fill to be published,
-- is left alone; so is all where the lock of this engine's number is not held, as nobody would
-- publish it. A gateway is no engine, and has the number 0: what it leaves, a living engine takes
-- over.
with changed as (
    select *
    from json_to_recordset(%(changes)s) as c (
        place tid, execution_id integer, number integer, quantity numeric, price numeric,
        filled_at timestamptz, quantity_filled numeric, total_amount numeric, version integer,
        announced boolean, is_open boolean, execution_status text, next_fill_timestamp timestamptz,
        kind text, quantity_before numeric, limit_before numeric, quantity_ordered numeric,
        limit_price numeric, request_key text
    )
),
moved as (
    update public.execution as e
    set
        is_open = c.is_open,
        execution_status = c.execution_status,
        quantity_ordered = c.quantity_ordered,
        limit_price = c.limit_price,
        sent_timestamp = greatest(e.sent_timestamp, e.received_timestamp),
        last_fill_timestamp = c.filled_at,
        next_fill_timestamp = c.next_fill_timestamp,
        number_of_fills = c.number,
        version = c.version
    from changed as c
    where e.ctid = c.place
        and c.execution_id = case when e.is_open and e.version = c.version - 1 then e.id end
        and (select o.fill_number from public.outbox as o where o.execution_id = e.id) is null
        and (
            %(owner)s::integer = 0
            or exists (select from ({{held locks}}) as l where l.id = %(owner)s::integer)
        )
    returning c.*, e.execution_service_id
),
ledger as (
    insert into public.fill ({{names of fill}})
    select {{names of fill}}
    from moved
),
told as (
    insert into public.change (
        execution_id, number, kind, quantity_before, limit_before, quantity, limit_price,
        request_key
    )
    select
        execution_id, number, kind, quantity_before, limit_before, quantity_ordered, limit_price,
        request_key
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
        where m.execution_service_id < 0
        offset 0
    ) as t
    where t.session_id is not null
)
select execution_id from moved
