-- Each fill once, and only those that the database does not have.
create temporary table announced on commit drop as
select distinct on (m.id, m.number_of_fills) m.*
from message as m
left join public.execution as e on e.id = m.id
where e.id is null or m.number_of_fills > e.number_of_fills
order by m.id, m.number_of_fills
