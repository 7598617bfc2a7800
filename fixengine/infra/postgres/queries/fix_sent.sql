-- Messages that a session has sent, by their numbers, to be sent again.
select {{fix_sent}}
from public.fix_sent as s
where s.session_id = %(session_id)s and s.generation = %(generation)s
    and s.seq between %(first)s and %(last)s
order by s.session_id, s.generation, s.seq
