-- What reads of sessions, and pages of reports, leave: all of it or, of a session that another
-- gateway has taken, nothing. Each session brings its rows along, so nothing has to be joined.
-- The numbers of executions are given, as their clients are told them in the same transaction; the
-- rest of an execution is as `insert_orders.sql` makes it, and due at once where it may not wait.
with works as materialized (
    select *
    from json_to_recordset(%(works)s) as w (
        session_id integer, epoch integer, generation integer, next_in integer, next_out integer,
        sent json, new_orders json, requests json, orders json, done json, told json
    )
),
held as (
    update public.fix_session as s
    set
        generation = w.generation,
        next_in = w.next_in,
        next_out = w.next_out,
        -- until the client begins anew, too: a message of it has the number 1
        reset_wanted = s.reset_wanted and (s.next_in > 1 or w.next_in = 1),
        began_at = case
            -- the database's clock may be behind that of `fix_take.sql`
            when w.generation > s.generation then greatest(now(), s.began_at) else s.began_at
        end
    from works as w
    where s.id = w.session_id and s.epoch = w.epoch
        -- or the join may begin with all sessions that there are
        and s.id = any(array(select session_id from works))
    returning w.*
),
told as (
    delete from public.fix_pending as p
    where p.ctid = any(array(
        select (
            select w.ctid
            from public.fix_pending as w
            where w.session_id = h.session_id and w.position = t.position::bigint
        )
        from held as h
        cross join lateral json_array_elements_text(h.told) as t (position)
    ))
),
sent as (
    insert into public.fix_sent (
        session_id, generation, seq, kind, sent_at, body, execution_id, number
    )
    select
        h.session_id, h.generation, m.seq, decode(m.kind, 'base64'), m.sent_at,
        decode(m.body, 'base64'), m.execution_id, m.number
    from held as h
    cross join lateral json_to_recordset(h.sent) as m (
        seq integer, kind text, sent_at timestamptz, body text, execution_id integer, number integer
    )
),
asked as (
    insert into public.fix_request (
        session_id, cl_ord_id, execution_id, kind, state, quantity, limit_price, asked_at
    )
    select
        h.session_id, decode(r.cl_ord_id, 'base64'), r.execution_id, r.kind, r.state, r.quantity,
        r.limit_price, r.asked_at
    from held as h
    cross join lateral json_to_recordset(h.requests) as r (
        cl_ord_id text, execution_id integer, kind text, state text, quantity numeric,
        limit_price numeric, asked_at timestamptz
    )
),
done as (
    update public.fix_request as r
    set state = 'DONE'
    -- within a `case` the index of what is pending does not serve: all of it may be
    where case when r.state = 'PENDING' then true end
        and r.ctid = any(array(
            select (
                select f.ctid
                from public.fix_request as f
                where f.session_id = h.session_id and f.cl_ord_id = decode(d.cl_ord_id, 'base64')
            )
            from held as h
            cross join lateral json_array_elements_text(h.done) as d (cl_ord_id)
        ))
),
moved as (
    select
        o.*,
        (select f.ctid from public.fix_order as f where f.execution_id = o.execution_id) as place
    from held as h
    cross join lateral json_to_recordset(h.orders) as o (
        execution_id integer, session_id integer, cl_ord_id text, pending_cl_ord_id text,
        pending_kind text, account text, side text, time_in_force text, echoed text
    )
),
moves as (
    update public.fix_order as f
    set
        cl_ord_id = decode(m.cl_ord_id, 'base64'),
        pending_cl_ord_id = decode(m.pending_cl_ord_id, 'base64'),
        pending_kind = m.pending_kind,
        account = decode(m.account, 'base64'),
        side = decode(m.side, 'base64'),
        time_in_force = decode(m.time_in_force, 'base64'),
        echoed = decode(m.echoed, 'base64')
    from moved as m
    where f.ctid = m.place and f.session_id = m.session_id
),
entered as (
    select h.session_id, n.*
    from held as h
    cross join lateral json_to_recordset(h.new_orders) as n (
        execution_id integer, ticker text, id integer, trade_type text, destination text,
        security_id text, quantity numeric, limit_price numeric, received_timestamp timestamptz,
        version integer, traceparent text, expires_at timestamptz, time_in_force text,
        cl_ord_id text, pending_cl_ord_id text, pending_kind text, account text, side text,
        fix_time_in_force text, echoed text
    )
),
executions as (
    insert into public.execution (
        id, execution_service_id, is_open, execution_status, trade_type, destination, security_id,
        ticker, quantity_ordered, limit_price, received_timestamp, sent_timestamp,
        next_fill_timestamp, version
    )
    select
        e.execution_id, e.id, true, 'WORK', e.trade_type, e.destination, e.security_id, e.ticker,
        e.quantity, e.limit_price, e.received_timestamp, greatest(now(), e.received_timestamp),
        least(
            now() + case
                when e.time_in_force is null then %(first_fill_delay)s * interval '1 second'
                else interval '0'
            end,
            e.expires_at
        ),
        e.version
    from entered as e
),
traced as (
    insert into public.execution_trace (execution_id, traceparent)
    select e.execution_id, e.traceparent
    from entered as e
    where e.traceparent is not null
),
timed as (
    insert into public.expiry (execution_id, expires_at, time_in_force)
    select e.execution_id, e.expires_at, e.time_in_force
    from entered as e
    where e.expires_at is not null or e.time_in_force is not null
),
ordered as (
    insert into public.fix_order (
        execution_id, session_id, cl_ord_id, pending_cl_ord_id, pending_kind, account, side,
        time_in_force, echoed
    )
    select
        e.execution_id, e.session_id, decode(e.cl_ord_id, 'base64'),
        decode(e.pending_cl_ord_id, 'base64'), e.pending_kind, decode(e.account, 'base64'),
        decode(e.side, 'base64'), decode(e.fix_time_in_force, 'base64'),
        decode(e.echoed, 'base64')
    from entered as e
)
select h.session_id from held as h
