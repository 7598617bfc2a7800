-- The number of a session, if anybody has logged on by it before.
select s.id
from public.fix_session as s
where s.peer_comp_id = %(peer)b and s.own_comp_id = %(own)b and s.begin_string = %(begin)b
