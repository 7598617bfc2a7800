-- The broker has these fills. Rows that another engine took over meanwhile are its own now.
delete from public.outbox as o
using json_to_recordset(%(fills)s) as p (execution_id integer, number integer)
where o.execution_id = p.execution_id and o.fill_number = p.number and o.owner = %(owner)s
