-- An operator has both numbers of sessions begin at 1 with their next logon: of one client, or of all.
-- `is_held` says that a gateway has the session now, so that it goes on with its numbers until then.
with held as materialized (
    select l.objid::bigint as id
    from pg_locks as l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 2
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and l.classid = %(lock_class)s::integer::oid
)
update public.fix_session as s
set reset_wanted = true
where %(peer)s::bytea is null or s.peer_comp_id = %(peer)s::bytea
returning
    s.begin_string, s.own_comp_id, s.peer_comp_id,
    s.id in (select h.id from held as h) as is_held
