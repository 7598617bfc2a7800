-- No number that the topic has seen is given to another execution.
select setval(
    pg_get_serial_sequence('public.execution', 'id'),
    greatest((select max(m.id) from message as m), (select max(e.id) from public.execution as e))
)
