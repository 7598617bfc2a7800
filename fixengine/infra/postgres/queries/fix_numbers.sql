-- The time, and numbers for the executions of new orders, as a shard gives them.
select
    now() as now,
    array(
        select nextval(pg_get_serial_sequence('public.execution', 'id')::regclass)::integer
        from generate_series(1, %(count)s)
    ) as numbers
