-- What waits, counted up to a bound, and for how many seconds the longest has: evaluations and
-- refusals that have to be told to these sessions, and requests of any session that nobody has
-- decided. A row that waits has no time: that of what it tells of stands for it.
-- `offset 0` keeps look-ups for each row from becoming joins.
with waiting as materialized (
    select first.session_id, first.execution_id, first.number, first.cl_ord_id
    from unnest(%(ids)s::integer[]) as i (session_id)
    cross join lateral (
        select p.session_id, p.execution_id, p.number, p.cl_ord_id
        from public.fix_pending as p
        where p.session_id = i.session_id
        order by p.session_id, p.position
        limit 1
    ) as first
),
since as materialized (
    select
        coalesce(
            (
                select f.filled_at
                from public.fill as f
                where f.execution_id = w.execution_id and f.number = w.number
            ),
            (
                select r.asked_at
                from public.fix_request as r
                where r.session_id = w.session_id and r.cl_ord_id = w.cl_ord_id
            )
        ) as began
    from waiting as w
)
select
    (
        select count(*)
        from (
            select p.position
            from unnest(%(ids)s::integer[]) as i (session_id)
            cross join lateral (
                select k.position
                from public.fix_pending as k
                where k.session_id = i.session_id
                limit 10000
            ) as p
            limit 10000
        ) as counted
    ) as reports,
    (
        select coalesce(greatest(extract(epoch from now() - min(s.began)), 0), 0)::float
        from since as s
    ) as oldest_report_age,
    (
        select count(*)
        from (
            select r.asked_at
            from public.fix_request as r
            where r.state = 'PENDING'
            order by r.asked_at
            limit 10000
        ) as counted
    ) as requests,
    coalesce(
        (
            select greatest(extract(epoch from now() - r.asked_at), 0)
            from public.fix_request as r
            where r.state = 'PENDING'
            order by r.asked_at
            limit 1
        ),
        0
    )::float as oldest_request_age,
    extract(epoch from clock_timestamp())::float8 as clock
