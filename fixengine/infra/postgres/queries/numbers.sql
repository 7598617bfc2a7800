-- Which numbers executions get, the last one that was given, and whether there is any execution. The
-- newest one tells: among the oldest there may be many that are deleted and not cleaned up.
select
    s.seqrelid::regclass::text as sequence,
    s.seqincrement as step,
    s.seqstart as first,
    pg_sequence_last_value(s.seqrelid) as last,
    (select e.id from public.execution as e order by e.id desc limit 1) is not null as in_use
from pg_sequence as s
where s.seqrelid = pg_get_serial_sequence('public.execution', 'id')::regclass
