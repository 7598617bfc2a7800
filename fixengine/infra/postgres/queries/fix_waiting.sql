-- Which of these sessions have anything to be told.
select s.id
from unnest(%(ids)s::integer[]) as s (id)
where case
    when (
        select p.position from public.fix_pending as p where p.session_id = s.id limit 1
    ) is not null then true
end
