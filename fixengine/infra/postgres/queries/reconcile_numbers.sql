-- No number that the topic has seen is given to another execution.
select setval(
    s.name,
    greatest(
        (select max(m.id) from message as m), (select max(e.id) from public.execution as e),
        pg_sequence_last_value(s.name)
    )
)
from (select pg_get_serial_sequence('public.execution', 'id')::regclass as name) as s
