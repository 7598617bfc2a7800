-- The time; numbers for the executions of new orders, as a shard gives them; and which of these
-- ClOrdIDs were given before in their sessions, by their places. Of new orders none was: so
-- `fix_known.sql`, which takes three times as long, is for the others alone.
select
    now() as now,
    array(
        select nextval(pg_get_serial_sequence('public.execution', 'id')::regclass)::integer
        from generate_series(1, %(count)s)
    ) as numbers,
    array(
        select a.place
        from unnest(%(session_ids)s::integer[], %(cl_ord_ids)s::bytea[])
            with ordinality as a (session_id, cl_ord_id, place)
        where case
            when (
                select r.kind
                from public.fix_request as r
                where r.session_id = a.session_id and r.cl_ord_id = a.cl_ord_id
            ) is not null then true
        end
    ) as known
