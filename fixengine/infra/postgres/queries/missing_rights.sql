-- Which rights the engine's role lacks, in words. A right to some columns alone counts as missing:
-- these words explain a refusal, and decide nothing, but for sequences.
with needed (kind, name, privileges, to_forget) as (
    values
        ('table', 'execution', array['SELECT', 'INSERT', 'UPDATE'], false),
        ('table', 'execution', array['DELETE'], true),
        ('table', 'execution_trace', array['SELECT', 'INSERT'], false),
        ('table', 'execution_trace', array['DELETE'], true),
        ('table', 'change', array['SELECT', 'INSERT'], false),
        ('table', 'change', array['DELETE'], true),
        ('table', 'expiry', array['SELECT', 'INSERT'], false),
        ('table', 'expiry', array['DELETE'], true),
        ('table', 'fill', array['SELECT', 'INSERT'], false),
        ('table', 'fill', array['DELETE'], true),
        ('table', 'outbox', array['SELECT', 'INSERT', 'UPDATE', 'DELETE'], false),
        ('table', 'fix_session', array['SELECT', 'INSERT', 'UPDATE'], false),
        ('table', 'fix_order', array['SELECT', 'INSERT', 'UPDATE'], false),
        ('table', 'fix_order', array['DELETE'], true),
        ('table', 'fix_request', array['SELECT', 'INSERT', 'UPDATE'], false),
        ('table', 'fix_request', array['DELETE'], true),
        ('table', 'fix_pending', array['SELECT', 'INSERT', 'DELETE'], false),
        ('table', 'fix_sent', array['SELECT', 'INSERT'], false),
        ('table', 'fix_sent', array['DELETE'], true),
        ('table', 'fixengine_schema', array['SELECT'], false),
        ('sequence', 'execution_id_seq', array['USAGE'], false),
        ('sequence', 'engine_number', array['USAGE'], false)
),
missing as (
    select p.privilege || ' on ' || n.kind || ' ' || n.name as named
    from needed as n
    cross join unnest(n.privileges) as p (privilege)
    join pg_class as c
        on c.relname = n.name and c.relnamespace = 'public'::regnamespace
        and (c.relkind = 'S') = (n.kind = 'sequence')
    where (%(forgets)s or not n.to_forget)
        and case n.kind
            -- either of the two is enough
            when 'sequence' then not has_sequence_privilege(c.oid, 'USAGE, UPDATE')
            else not has_table_privilege(c.oid, p.privilege)
        end
)
select current_user::text as role, coalesce(array_agg(m.named order by m.named), '{}') as rights
from missing as m
