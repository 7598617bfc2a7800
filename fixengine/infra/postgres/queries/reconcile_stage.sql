-- A place for the messages of the fills topic. Like the topic, it may hold a message twice.
create temporary table message on commit drop as
select {{execution as stored}}
from public.execution as e
limit 0
