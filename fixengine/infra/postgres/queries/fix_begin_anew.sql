-- An operator has both numbers of sessions begin at 1 with their next logon: of one client, or of all.
-- `is_held` says that a gateway has the session now, so that it goes on with its numbers until then.
with held as materialized (
    {{held locks}}
)
update public.fix_session as s
set reset_wanted = true
where %(peer)s::bytea is null or s.peer_comp_id = %(peer)s::bytea
returning
    s.begin_string, s.own_comp_id, s.peer_comp_id,
    s.id in (select h.id from held as h) as is_held
