-- The topic has these fills.
delete from public.outbox as o
using message as m
where m.id = o.execution_id and m.number_of_fills >= o.fill_number
