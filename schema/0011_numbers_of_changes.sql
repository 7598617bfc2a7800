-- Whoever gets another number keeps what is known under the old one: until when it may be filled,
-- and its trace. For the rest as before.
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
    -- before it was sent are those of another that had this number, and so are changes. An expiry is
    -- its own if it is due by then: the engine puts nothing off beyond its end.
    with taken as materialized (
        select e.id, e.next_fill_timestamp, nextval(numbers) as new_id
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
        where x.execution_id = t.id and x.expires_at >= t.next_fill_timestamp
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
