-- What the engine relies on, as the database has it: compared with what a fresh schema has. The
-- search path must be empty, for names to be written in full. What is dropped meanwhile has no
-- definition any more.
with tables as (
    select c.oid, c.relname as name, c.relkind as kind, row_security_active(c.oid) as row_security
    from pg_class as c
    where c.relnamespace = to_regnamespace('public')
        and c.relname = any(
            '{change,execution,execution_trace,expiry,fill,fix_order,fix_pending,fix_request,fix_sent,'
            'fix_session,outbox}'
        )
        and c.relkind = any('{r,p,v,m,f}')
),
columns as (
    select
        a.attrelid as oid,
        json_object_agg(
            a.attname,
            json_build_object(
                'type', format_type(a.atttypid, a.atttypmod),
                'required', a.attnotnull,
                'default', pg_get_expr(d.adbin, d.adrelid),
                'computed', (a.attidentity <> '' or a.attgenerated <> '')
            )
            order by a.attnum
        ) as columns
    from tables as t
    join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    group by a.attrelid
),
indexes as (
    select
        t.name as table,
        c.relname as name,
        i.indisvalid and i.indisready and i.indimmediate as valid,
        -- how it is stored, and what else it has, makes it no worse
        regexp_replace(
            regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \S+ ON (ONLY )?', ' INDEX ON '),
            ' (INCLUDE|WITH) \([^)]*\)', '', 'g'
        ) as definition
    from tables as t
    join pg_index as i on i.indrelid = t.oid
    join pg_class as c on c.oid = i.indexrelid
),
triggers as (
    select
        t.name as table,
        g.tgname as name,
        g.tgenabled in ('O', 'A') as enabled,
        pg_get_triggerdef(g.oid) as definition
    from tables as t
    join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
)
select json_build_object(
    'tables', (
        select json_object_agg(
            t.name,
            json_build_object(
                'kind', t.kind,
                'columns', c.columns,
                'row_security', t.row_security,
                'heirs', (
                    select coalesce(json_agg(i.inhrelid::regclass::text), '[]')
                    from pg_inherits as i
                    where i.inhparent = t.oid and t.kind <> 'p'
                ),
                'rules', (
                    select coalesce(json_agg(r.rulename), '[]')
                    from pg_rewrite as r
                    where r.ev_class = t.oid and t.kind not in ('v', 'm')
                ),
                'unlogged', (
                    select coalesce(json_agg(c.oid::regclass::text order by c.oid), '[]')
                    from pg_class as c
                    left join pg_inherits as i on i.inhrelid = c.oid and t.kind = 'p'
                    where c.relpersistence = 'u' and (c.oid = t.oid or i.inhparent = t.oid)
                )
            )
        )
        from tables as t
        join columns as c on c.oid = t.oid
    ),
    'indexes', (
        select coalesce(json_agg(i order by i.table, i.definition), '[]')
        from indexes as i
        where i.definition is not null
    ),
    'triggers', (
        select coalesce(json_agg(g order by g.table, g.name), '[]')
        from triggers as g
        where g.definition is not null
    ),
    'functions', (
        select coalesce(json_object_agg(p.oid::regprocedure, pg_get_functiondef(p.oid)), '{}')
        from pg_proc as p
        where p.pronamespace = to_regnamespace('public') and p.prokind = 'f'
            and pg_get_functiondef(p.oid) is not null
            and (
                %(functions)s::text[] is null or p.oid::regprocedure::text = any(%(functions)s)
            )
    ),
    'sequences', (
        select coalesce(
            json_object_agg(
                c.relname,
                json_build_object('type', format_type(s.seqtypid, null), 'cycles', s.seqcycle)
            ),
            '{}'
        )
        from pg_sequence as s
        join pg_class as c on c.oid = s.seqrelid
        where c.relnamespace = to_regnamespace('public')
            and c.relname = any('{engine_number,execution_id_seq}')
    ),
    'numbers_from', case
        when exists (
            select from tables as t
            join columns as c on c.oid = t.oid
            where t.name = 'execution' and t.kind = 'r' and c.columns ->> 'id' is not null
        )
        then pg_get_serial_sequence('public.execution', 'id')
    end,
    'names_taken', (
        select coalesce(json_agg(c.relname), '[]')
        from pg_class as c
        where c.relnamespace = to_regnamespace('public') and c.relkind = 'i'
            and c.relname = any(%(indexes)s)
            and c.relname not in (select i.name from indexes as i)
    ),
    'elsewhere', (
        select coalesce(json_agg(c.oid::regclass::text), '[]')
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and a.attname = 'execution_service_id'
        where c.relname = 'execution' and c.relkind = any('{r,p,v,m,f}')
            and c.relpersistence <> 't' and c.relnamespace <> coalesce(to_regnamespace('public'), 0)
    )
) as catalog
