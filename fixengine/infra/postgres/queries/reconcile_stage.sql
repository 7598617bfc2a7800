-- A place for the messages of the fills topic; as the topic may, it may hold some twice.
create temporary table message on commit drop as
select {{execution as stored}}
from public.execution as e
limit 0
