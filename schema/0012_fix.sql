-- Sessions of the FIX gateway, and orders that came by them.
-- FIX texts are bytes: a client may write what no encoding knows.

-- execution_service_id of these orders: execution-service's own begin at 1 and stay below.
create sequence public.fix_order_number as integer minvalue 1073741824;

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

-- What a client has to be told and was given no number yet: evaluations, and refused requests.
create table public.fix_pending (
    position      bigint generated always as identity primary key,
    session_id    integer not null,
    execution_id  integer not null,
    number        integer,
    cl_ord_id     bytea,
    reason        text,
    check ((number is null) = (cl_ord_id is not null))
);
comment on column public.fix_pending.number is 'of the evaluation in the ledger';
comment on column public.fix_pending.cl_ord_id is 'of the request that is refused';

create index fix_pending_session_ndx on public.fix_pending (session_id, position);

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
