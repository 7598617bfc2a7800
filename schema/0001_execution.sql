-- The table as the Go service made it; a database that has it already is adopted as it is.
create table if not exists public.execution (
    id                          serial primary key,
    execution_service_id        integer not null,
    is_open                     boolean not null default true,
    execution_status            varchar(20) not null,
    trade_type                  varchar(10) not null,
    destination                 varchar(20) not null,
    security_id                 char(24) not null,
    ticker                      varchar(20) not null,
    quantity_ordered            decimal(18, 8) not null,
    limit_price                 decimal(18, 8),
    received_timestamp          timestamptz not null,
    sent_timestamp              timestamptz not null,
    last_fill_timestamp         timestamptz,
    quantity_filled             decimal(18, 8) not null default 0,
    next_fill_timestamp         timestamptz,
    number_of_fills             smallint not null default 0,
    total_amount                decimal(18, 8) not null default 0,
    trade_service_execution_id  integer,
    version                     integer not null default 1
);

-- One execution per order, however often the order arrives.
create unique index if not exists execution_service_id_ndx
    on public.execution (execution_service_id);

-- The claim: due executions, oldest first.
create index if not exists execution_next_fill_ndx
    on public.execution (next_fill_timestamp desc nulls last);
