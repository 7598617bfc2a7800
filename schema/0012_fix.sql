-- Sessions of the FIX gateway, and orders that came by them.
-- FIX texts are bytes: a client may write what no encoding knows.

-- execution_service_id of these orders is their execution's number below zero: execution-service's
-- own begin at 1, so a statement knows an order by FIX as it sees it, and no two of them are alike.

-- One row a pair of CompIDs that ever logged on. Whoever writes holds the advisory lock of the
-- session's id, and names the epoch in which it took it.
create table public.fix_session (
    id             integer generated always as identity primary key,
    begin_string   bytea not null,
    own_comp_id    bytea not null,
    peer_comp_id   bytea not null,
    epoch          integer not null default 0,
    generation     integer not null default 1,
    next_in        integer not null default 1,
    next_out       integer not null default 1,
    began_at       timestamptz not null default now(),
    reset_wanted   boolean not null default false,
    wanted_at      timestamptz,
    owner          text,
    seen_at        timestamptz,
    unique (peer_comp_id, own_comp_id, begin_string)
);
comment on column public.fix_session.epoch is 'grows each time that a gateway takes the session';
comment on column public.fix_session.generation is
    'grows with each reset: both numbers begin at 1 again';
comment on column public.fix_session.began_at is 'when the generation began';
comment on column public.fix_session.reset_wanted is 'the next logon begins a new generation';
comment on column public.fix_session.wanted_at is
    'another gateway has a client at its door that says the session is its own';
comment on column public.fix_session.owner is 'the gateway that has it, or had it last';
comment on column public.fix_session.seen_at is 'when it last took the session, or let it go';

-- What an execution is to the client that ordered it. The rest is in `execution`.
create table public.fix_order (
    execution_id       integer primary key,
    session_id         integer not null,
    cl_ord_id          bytea not null,
    pending_cl_ord_id  bytea,
    pending_kind       varchar(10) check (pending_kind in ('CANCEL', 'REPLACE')),
    account            bytea,
    side               bytea not null,
    time_in_force      bytea not null,
    check ((pending_cl_ord_id is null) = (pending_kind is null))
);
comment on column public.fix_order.cl_ord_id is
    'ClOrdID(11) now in force, as far as the client was told';
comment on column public.fix_order.pending_cl_ord_id is
    'that of the request to cancel or replace whose answer the client has not been told';

-- Every ClOrdID that a session gave, once: what it asked for, and what became of it.
create table public.fix_request (
    session_id    integer not null,
    cl_ord_id     bytea not null,
    execution_id  integer,
    kind          varchar(10) not null check (kind in ('NEW', 'CANCEL', 'REPLACE')),
    state         varchar(10) not null check (state in ('PENDING', 'DONE', 'REFUSED')),
    quantity      decimal(18, 8),
    limit_price   decimal(18, 8),
    asked_at      timestamptz not null,
    primary key (session_id, cl_ord_id)
);
comment on column public.fix_request.execution_id is 'null where no order came of it';
comment on column public.fix_request.state is
    'PENDING: a gateway has to decide it; REFUSED, DONE: decided, and told or about to be told';

create index fix_request_pending_ndx on public.fix_request (asked_at) where state = 'PENDING';

-- For retention: those of an execution, and old ones of none.
create index fix_request_execution_ndx on public.fix_request (execution_id, asked_at);

-- What a client has to be told and was given no number yet: evaluations, and refused requests.
create table public.fix_pending (
    position      bigint generated always as identity,
    session_id    integer not null,
    execution_id  integer not null,
    number        integer,
    cl_ord_id     bytea,
    reason        text,
    primary key (session_id, position),
    check ((number is null) = (cl_ord_id is not null))
);
comment on column public.fix_pending.number is 'of the evaluation in the ledger';
comment on column public.fix_pending.cl_ord_id is 'of the request that is refused';

-- For retention: an execution stays until its client was told all of it.
create index fix_pending_execution_ndx on public.fix_pending (execution_id);

-- Messages of the application that have a number, kept until their generation ends: a client counts
-- them, not the network, and may ask for all of them again. An evaluation has one message.
create table public.fix_sent (
    session_id    integer not null,
    generation    integer not null,
    seq           integer not null,
    kind          bytea not null,
    sent_at       timestamptz not null,
    body          bytea not null,
    execution_id  integer,
    number        integer,
    primary key (session_id, generation, seq)
);
comment on column public.fix_sent.body is 'the fields between header and trailer';
comment on column public.fix_sent.number is
    'of the evaluation that the message tells of; 0: that the order was taken';

create unique index fix_sent_evaluation_ndx on public.fix_sent (execution_id, number)
    where execution_id is not null;

-- IOC: what the first evaluation leaves is cancelled. FOK: it fills all, or nothing.
alter table public.expiry
    alter column expires_at drop not null,
    add column time_in_force varchar(3) check (time_in_force in ('IOC', 'FOK')),
    add check (num_nonnulls(expires_at, time_in_force) > 0);

-- As before, and with the tables that are new.
create or replace function public.raise_numbers() returns setof text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    given bigint;
    known bigint;
    numbers constant regclass := pg_get_serial_sequence('public.execution', 'id');
    places constant regclass := pg_get_serial_sequence('public.fix_pending', 'position');
    sessions constant regclass := pg_get_serial_sequence('public.fix_session', 'id');
begin
    execute format('select last_value - (not is_called)::integer from %s', numbers) into given;
    known := greatest(
        (select max(e.id) from public.execution as e),
        (select max(f.execution_id) from public.fill as f),
        (select max(o.execution_id) from public.outbox as o),
        (select max(t.execution_id) from public.execution_trace as t),
        (select max(c.execution_id) from public.change as c),
        (select max(x.execution_id) from public.expiry as x),
        (select max(r.execution_id) from public.fix_order as r),
        (select max(s.execution_id) from public.fix_sent as s)
    );
    if known > given then
        perform setval(numbers, known);
        return next format('%s goes on after %s, not %s', numbers, known, given);
    end if;
    select n.last_value - (not n.is_called)::integer into given from public.engine_number as n;
    known := (select max(o.owner) from public.outbox as o);
    if known > given then
        perform setval('public.engine_number', known);
        return next format('public.engine_number goes on after %s, not %s', known, given);
    end if;
    given := coalesce(pg_sequence_last_value(places), 0);
    known := (select max(p.position) from public.fix_pending as p);
    if known > given then
        perform setval(places, known);
        return next format('%s goes on after %s, not %s', places, known, given);
    end if;
    given := coalesce(pg_sequence_last_value(sessions), 0);
    known := (select max(s.id) from public.fix_session as s);
    if known > given then
        perform setval(sessions, known);
        return next format('%s goes on after %s, not %s', sessions, known, given);
    end if;
end
$$;

-- As before, and FIX's tables follow.
create or replace function public.mend_rows(out what text, out mended boolean) returns setof record
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    numbers constant regclass := pg_get_serial_sequence('public.execution', 'id');
    place bigint := 0;
    changed bigint := 0;
begin
    mended := true;
    for what in select n from public.raise_numbers() as n loop
        return next;
    end loop;

    delete from public.outbox as o
    where not exists (
        select from public.execution as e
        where e.id = o.execution_id and e.number_of_fills >= o.fill_number
    );
    get diagnostics changed = row_count;
    if changed > 0 then
        what := format('%s rows of outbox, whose fills no execution knows, are gone', changed);
        return next;
    end if;

    delete from public.fix_pending as p
    where not exists (
        select from public.execution as e
        where e.id = p.execution_id and e.number_of_fills >= coalesce(p.number, 0)
    );
    get diagnostics changed = row_count;
    if changed > 0 then
        what := format('%s rows of fix_pending, which no execution knows, are gone', changed);
        return next;
    end if;

    -- each million of numbers is looked at once; what is closed has no more fills
    changed := 0;
    loop
        select min(e.id) into place from public.execution as e where e.is_open and e.id >= place;
        exit when place is null;
        if not public.has_fill_part(place) then
            perform public.add_fill_part(place);
            changed := changed + 1;
        end if;
        place := (place / 1000000 + 1) * 1000000;
    end loop;
    if changed > 0 then
        what := format('%s parts of fill were missing', changed);
        return next;
    end if;

    -- Of an execution without fills no topic tells, so it may have another number. Fills from
    -- before it was sent are those of another that had this number, and so are changes. An expiry is
    -- its own if it is due by then: the engine puts nothing off beyond its end. So is one with a time
    -- in force, and all that FIX knows: no order by FIX is taken whose number FIX has seen before.
    -- Its client sees another OrderID(37) from then on, which is better than an order that nobody
    -- can fill. Of an order that came by the topic, all that FIX knows is another's.
    with taken as materialized (
        select
            e.id, e.next_fill_timestamp, nextval(numbers) as new_id,
            e.execution_service_id < 0 as by_fix
        from public.execution as e
        where e.is_open and e.number_of_fills = 0
            and (
                select max(f.filled_at) < e.sent_timestamp and count(*) = count(f.filled_at)
                from public.fill as f
                where f.execution_id = e.id
            )
    ),
    traced as (
        update public.execution_trace as r set execution_id = t.new_id
        from taken as t
        where r.execution_id = t.id
    ),
    timed as (
        update public.expiry as x set execution_id = t.new_id
        from taken as t
        where x.execution_id = t.id
            and (x.expires_at >= t.next_fill_timestamp or x.time_in_force is not null and t.by_fix)
    ),
    ordered as (
        update public.fix_order as o set execution_id = t.new_id
        from taken as t
        where o.execution_id = t.id and t.by_fix
    ),
    requested as (
        update public.fix_request as q set execution_id = t.new_id
        from taken as t
        where q.execution_id = t.id and t.by_fix
    ),
    waiting as (
        update public.fix_pending as p set execution_id = t.new_id
        from taken as t
        where p.execution_id = t.id and t.by_fix
    ),
    told as (
        update public.fix_sent as s set execution_id = t.new_id
        from taken as t
        where s.execution_id = t.id and t.by_fix
    )
    update public.execution as e set id = t.new_id from taken as t where e.id = t.id;
    get diagnostics changed = row_count;
    if changed > 0 then
        perform public.add_fill_parts(pg_sequence_last_value(numbers));
        what := format('%s executions have new numbers, the ledger knew theirs', changed);
        return next;
    end if;

    select count(*) into changed
    from public.execution as e
    where e.is_open
        and exists (
            select from public.fill as f
            where f.execution_id = e.id and f.number > e.number_of_fills
        );
    if changed > 0 then
        mended := false;
        what := format(
            'the ledger has later fills of %s open executions than the table execution: restore '
            'all tables from one backup, and run `fixengine reconcile`', changed
        );
        return next;
    end if;
end
$$;
