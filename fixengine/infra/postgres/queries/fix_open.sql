-- Open orders of a session, of one security or of all. It goes by all open orders: an index by session
-- would cost each order more than a mass status now and then costs.
select array(
    select x.id
    from public.execution as x
    -- within a `case` no index serves but that of what is open
    where x.is_open
        and case when x.execution_service_id < 0 then true end
        and (%(security_id)s::text is null or case when x.security_id = %(security_id)s then true end)
        and (select k.session_id from public.fix_order as k where k.execution_id = x.id)
            = %(session_id)s
    order by x.id
    limit %(limit)s
) as ids
