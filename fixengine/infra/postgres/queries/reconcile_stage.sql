-- A place for the messages of the fills topic; as the topic may, it may hold some twice.
create temporary table message (
    id                          integer not null,
    execution_service_id        integer not null,
    is_open                     boolean not null,
    execution_status            text not null,
    trade_type                  text not null,
    destination                 text not null,
    security_id                 text not null,
    ticker                      text not null,
    quantity_ordered            numeric not null,
    limit_price                 numeric,
    received_timestamp          timestamptz not null,
    sent_timestamp              timestamptz not null,
    last_fill_timestamp         timestamptz,
    quantity_filled             numeric not null,
    number_of_fills             integer not null,
    total_amount                numeric not null,
    trade_service_execution_id  integer,
    version                     integer not null
) on commit drop
