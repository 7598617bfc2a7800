-- A page of the messages that a session has sent in a generation, by their numbers, for REST.
select {{fix_sent}}
from public.fix_sent as s
where s.session_id = %(session_id)s and s.generation = %(generation)s and s.seq > %(after)s
order by s.session_id, s.generation, s.seq
limit %(limit)s
