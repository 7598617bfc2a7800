-- Engines may run under a role that only reads and writes. Parts of the ledger are made and dropped
-- with the rights of whoever owns the tables, whichever role's insert or retention it is for.
alter function public.add_fill_parts(bigint)
    security definer set search_path = pg_catalog, public, pg_temp;
alter function public.make_room_for_fills()
    security definer set search_path = pg_catalog, public, pg_temp;

-- For retention, which may as well delete all that is in a part.
create function public.drop_fill_part(part name) returns void
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not has_table_privilege(session_user, 'public.fill', 'delete') then
        raise insufficient_privilege using
            message = format('role %s may not delete from table fill', session_user);
    end if;
    if not exists (
        select from pg_inherits as i
        join pg_class as c on c.oid = i.inhrelid
        where i.inhparent = 'public.fill'::regclass
            and c.relnamespace = 'public'::regnamespace and c.relname = part
    ) then
        raise undefined_table using message = format('%s is no part of table fill', part);
    end if;
    execute format('drop table public.%I', part);
end
$$;
