-- Changes: evaluations that fill nothing and end an execution, or set new terms. A row says what
-- the evaluation of its number was. Of an execution that nobody changes there is none.
-- Quantity and limit of `execution` are those that hold now; those of an earlier fill's message are
-- the ones before the first change after it.
-- Not columns of `execution`: the Go service, on the way back, takes `*`.
create table public.change (
    execution_id     integer not null,
    number           integer not null check (number > 0),
    kind             varchar(10) not null check (kind in ('CANCEL', 'REPLACE', 'EXPIRE')),
    quantity_before  decimal(18, 8) not null,
    limit_before     decimal(18, 8),
    quantity         decimal(18, 8) not null,
    limit_price      decimal(18, 8),
    request_key      varchar(255),
    primary key (execution_id, number)
);
comment on column public.change.number is 'of the evaluation in the ledger';
comment on column public.change.request_key is
    'the customer''s name for the request: the same one again changes nothing';

create unique index change_request_ndx on public.change (execution_id, request_key)
    where request_key is not null;

-- Executions that the engine cancels by itself when their time is over. The others have no row.
create table public.expiry (
    execution_id  integer primary key,
    expires_at    timestamptz not null
);

-- As before, and with the tables that are new.
create or replace function public.raise_numbers() returns setof text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    given bigint;
    known bigint;
    numbers constant regclass := pg_get_serial_sequence('public.execution', 'id');
begin
    execute format('select last_value - (not is_called)::integer from %s', numbers) into given;
    known := greatest(
        (select max(e.id) from public.execution as e),
        (select max(f.execution_id) from public.fill as f),
        (select max(o.execution_id) from public.outbox as o),
        (select max(t.execution_id) from public.execution_trace as t),
        (select max(c.execution_id) from public.change as c),
        (select max(x.execution_id) from public.expiry as x)
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
end
$$;
