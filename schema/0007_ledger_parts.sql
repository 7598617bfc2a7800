-- The ledger in parts of a million executions each: what retention lets go of is dropped as a
-- whole, not deleted row by row. Each part is named by the least execution it has room for, but
-- the first, which has all there was before, by where its last million begins.
alter table public.fill rename to fill_before;
alter table public.fill_before rename constraint fill_pkey to fill_before_pkey;
create table public.fill (
    like public.fill_before including all excluding indexes,
    primary key (execution_id, number)
) partition by range (execution_id);

do $$
declare
    newest constant bigint := greatest(
        (select max(f.execution_id) from public.fill_before as f),
        (select max(e.id) from public.execution as e),
        0
    );
    last_million constant bigint := newest / 1000000 * 1000000;
begin
    execute format('alter table public.fill_before rename to fill_%s', last_million);
    execute format(
        'alter table public.fill attach partition public.fill_%s for values from (minvalue) to (%s)',
        last_million,
        case when last_million < 2147000000 then (last_million + 1000000)::text else 'maxvalue' end
    );
end
$$;

-- Makes the parts that are missing up to the one for this execution, and one more.
create function public.add_fill_parts(newest bigint) returns void language plpgsql as $$
declare
    first bigint := least(newest / 1000000 + 1, 2147) * 1000000;  -- numbers end in the 2147th
begin
    while to_regclass('public.fill_' || first) is null loop
        perform pg_advisory_xact_lock(hashtext('public.fill'));
        -- what another session has made meanwhile is in the catalog, but not yet in this one's cache
        if not exists (
            select from pg_class as c
            where c.relnamespace = 'public'::regnamespace and c.relname = 'fill_' || first
        ) then
            execute format('create table public.fill_%s (like public.fill including all)', first);
            execute format(
                'alter table public.fill attach partition public.fill_%s for values from (%s) to (%s)',
                first, first,
                case when first < 2147000000 then (first + 1000000)::text else 'maxvalue' end
            );
        end if;
        first := first - 1000000;
    end loop;
end
$$;

create function public.make_room_for_fills() returns trigger language plpgsql as $$
begin
    perform public.add_fill_parts((select last_value from public.execution_id_seq));
    return null;
end
$$;

-- An execution is there before its fills, so there is a part for them.
create trigger execution_has_room
    after insert on public.execution
    for each statement execute function public.make_room_for_fills();
