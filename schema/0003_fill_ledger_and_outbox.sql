-- The ledger: every evaluation of an execution, kept for ever and never changed. With the
-- execution's own constant columns a row gives back the message of its fill, byte for byte.
-- No foreign keys here and below: the engine never deletes an execution, and a look-up for each
-- row would cost more than the insert itself.
create table public.fill (
    execution_id     integer not null,
    number           integer not null check (number > 0),
    quantity         decimal(18, 8) not null check (quantity >= 0),
    price            decimal(18, 8) check (price > 0),
    filled_at        timestamptz,
    quantity_filled  decimal(18, 8) not null,
    total_amount     decimal(28, 8) not null,
    version          integer not null,
    announced        boolean not null,
    primary key (execution_id, number)
);
comment on column public.fill.price is
    'null in a row of quantity 0 that was restored from the topic, which does not tell it';
comment on column public.fill.filled_at is
    'null in a row that was restored and that the topic never had';
comment on column public.fill.quantity_filled is 'of the execution, after this fill';
comment on column public.fill.total_amount is 'of the execution, after this fill';
comment on column public.fill.version is 'of the execution, after this fill';
comment on column public.fill.announced is
    'the topic gets this fill; it has been published once its row has left the outbox';

-- What the broker has not acknowledged yet. One row an execution at most: an execution is not
-- evaluated again before its last fill is published, so its fills reach the topic in order.
create table public.outbox (
    execution_id  integer primary key,
    fill_number   integer not null,
    owner         integer not null,
    stored_at     timestamptz not null default now()
);
comment on column public.outbox.owner is
    'the engine that publishes this row: it holds the advisory lock of this number while it lives';
comment on column public.outbox.stored_at is
    'a message of this fill on the topic is no older: who takes the row over looks there first';

-- Numbers for engines, used as advisory lock keys.
create sequence public.engine_number as integer cycle;
