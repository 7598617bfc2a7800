-- Sessions of this gateway that another one has asked for of late: it asks again each second.
select s.id
from public.fix_session as s
where s.id = any(%(ids)s::integer[]) and s.wanted_at > now() - interval '4 seconds'
