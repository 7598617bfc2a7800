-- Numbers of executions may skip, as for safety after a restore, and may be set back by hand. The
-- ledger has parts for those that are given and one ahead, whatever is below; and no number is given
-- that any table knows, for readers of the topic know it as another execution's.

-- Whether the ledger has a part for fills of this execution, whatever that is called: others may
-- have renamed or moved it, or made it.
create function public.has_fill_part(execution_id bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- by the name that it usually has, which takes no look at all the others
    if exists (
        select from pg_inherits as i
        where i.inhrelid = to_regclass('public.fill_' || execution_id / 1000000 * 1000000)
            and i.inhparent = 'public.fill'::regclass
    ) then
        return true;
    end if;
    return exists (
        select from (
            select pg_get_expr(c.relpartbound, c.oid) as bounds
            from pg_inherits as i
            join pg_class as c on c.oid = i.inhrelid
            where i.inhparent = 'public.fill'::regclass and not i.inhdetachpending
        ) as p
        where p.bounds = 'DEFAULT' or int8range(
            substring(p.bounds from $r$FROM \('?(-?\d+)$r$)::bigint,
            substring(p.bounds from $r$TO \('?(-?\d+)$r$)::bigint
        ) @> execution_id
    );
end
$$;

-- Makes the part for fills of this execution, unless there is one.
create function public.add_fill_part(execution_id bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    first constant bigint := least(greatest(execution_id, 0) / 1000000, 2147) * 1000000;
begin
    perform pg_advisory_xact_lock(hashtext('public.fill'));
    if public.has_fill_part(greatest(execution_id, 0)) then
        return;
    end if;
    if to_regclass('public.fill_' || first) is not null then
        raise duplicate_table using message = format(
            'table fill_%s is no part of fill: alter table public.fill attach partition '
            'public.fill_%s for values from (%s) to (%s), or rename it, and a new part is made',
            first, first, first, first + 1000000
        );
    end if;
    execute format('create table public.fill_%s (like public.fill including all)', first);
    execute format(
        'alter table public.fill attach partition public.fill_%s for values from (%s) to (%s)',
        first, first,
        case when first < 2147000000 then (first + 1000000)::text else 'maxvalue' end
    );
end
$$;

-- Makes the parts for what was just stored, up to this number, and one more. What others store at
-- the same time may still be a little below it; what a single statement stored may be far below.
create or replace function public.add_fill_parts(newest bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    first bigint := least(newest / 1000000 + 1, 2147) * 1000000;  -- numbers end in the 2147th
    needed constant bigint := (newest - 100000) / 1000000 * 1000000;
begin
    while first >= 0 and not public.has_fill_part(first) loop
        -- by its index, whatever the statistics say
        if first >= needed or (
            select e.id
            from public.execution as e
            where e.id >= first and e.id < first + 1000000
            order by e.id
            limit 1
        ) is not null then
            perform public.add_fill_part(first);
        end if;
        first := first - 1000000;
    end loop;
end
$$;

create or replace function public.make_room_for_fills() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform public.add_fill_parts(coalesce(
        pg_sequence_last_value(pg_get_serial_sequence('public.execution', 'id')::regclass), 1
    ));
    return null;
end
$$;

-- Moves the sequences beyond the rows, as after a restore, and says which ones it has moved.
create function public.raise_numbers() returns setof text
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
        (select max(t.execution_id) from public.execution_trace as t)
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

-- Puts rows right that contradict each other after somebody changed a table by hand, and says what
-- it did. `mended` is false for what it can't put right.
create function public.mend_rows(out what text, out mended boolean) returns setof record
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

    -- Of an execution without fills nobody was told, so it may have another number. Fills from
    -- before it was sent are those of another that had this number.
    with taken as (
        select e.id
        from public.execution as e
        where e.is_open and e.number_of_fills = 0
            and (
                select max(f.filled_at) < e.sent_timestamp and count(*) = count(f.filled_at)
                from public.fill as f
                where f.execution_id = e.id
            )
    )
    update public.execution as e set id = nextval(numbers) from taken as t where e.id = t.id;
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

create function public.go_on_with_numbers() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform public.raise_numbers();
    return null;
end
$$;

-- Emptied by hand, the table begins to count anew; the ledger may still be there.
create trigger execution_emptied
    after truncate on public.execution
    for each statement execute function public.go_on_with_numbers();
