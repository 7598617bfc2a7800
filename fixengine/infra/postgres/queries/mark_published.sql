-- The broker has these fills. Rows that another engine took over meanwhile are its own now.
-- Not a join: where the statistics say that the outbox is empty, as it is again and again, that
-- would begin with all that is in it, dead or alive.
delete from public.outbox as o
where o.owner = %(owner)s
    and o.ctid = any(array(
        select (
            select w.ctid
            from public.outbox as w
            where w.execution_id = p.execution_id
                and w.fill_number = p.number
                and w.owner = %(owner)s
        )
        from json_to_recordset(%(fills)s) as p (execution_id integer, number integer)
    ))
