-- The time; numbers for the executions of new orders, as a shard gives them; and whether the session
-- gave any of these ClOrdIDs before. Of new orders it did not: so `fix_known.sql`, which takes three
-- times as long, is for the others alone.
select
    now() as now,
    array(
        select nextval(pg_get_serial_sequence('public.execution', 'id')::regclass)::integer
        from generate_series(1, %(count)s)
    ) as numbers,
    (
        select true
        from unnest(%(cl_ord_ids)s::bytea[]) as a (cl_ord_id)
        where case
            when (
                select r.kind
                from public.fix_request as r
                where r.session_id = %(session_id)s and r.cl_ord_id = a.cl_ord_id
            ) is not null then true
        end
        limit 1
    ) is not null as any_known
