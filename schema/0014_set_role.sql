-- As before, for a role that was taken by SET ROLE as well: it counts then, not the one that logged
-- in, which may inherit nothing.
create or replace function public.drop_fill_part(part name) returns void
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    -- `current_user` is the owner here
    engine constant name := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
    if not has_table_privilege(engine, 'public.fill', 'delete') then
        raise insufficient_privilege using
            message = format('role %s may not delete from table fill', engine);
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
