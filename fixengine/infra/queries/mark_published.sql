-- The broker has these fills. Rows that another engine took over meanwhile are its own now.
delete from public.outbox as o
using unnest(%(execution_ids)b::integer[], %(numbers)b::integer[]) as p (execution_id, number)
where o.execution_id = p.execution_id and o.fill_number = p.number and o.owner = %(owner)s
