-- A page of executions, newest first, for REST; a null parameter filters nothing. Planned anew
-- for each call, when the nulls are known. Read from the newest on, until the page is full: the
-- engine's sessions leave the planner no other way. With statistics of another time it would read,
-- and sort, the whole table for a status that seems to be rare.
select e.id, e.version, {{execution as json}} as json
from public.execution as e
where (%(before_id)s::integer is null or e.id < %(before_id)s)
    and (%(is_open)s::boolean is null or e.is_open = %(is_open)s)
    and (%(status)s::text is null or e.execution_status = %(status)s)
    and (%(ticker)s::text is null or e.ticker = %(ticker)s)
    and (%(trade_type)s::text is null or e.trade_type = %(trade_type)s)
    and (%(destination)s::text is null or e.destination = %(destination)s)
    -- by its id, as all else is: the planner has nothing to choose
    and (%(execution_service_id)s::integer is null
        or e.id = (
            select s.id
            from public.execution as s
            where s.execution_service_id = %(execution_service_id)s
        ))
    and (%(received_since)s::timestamptz is null or e.received_timestamp >= %(received_since)s)
    and (%(received_until)s::timestamptz is null or e.received_timestamp < %(received_until)s)
order by e.id desc
limit %(limit)s
