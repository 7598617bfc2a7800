-- Sets what statements rely on, whatever role, database, environment or server say: the settings
-- that are given, and the planner's own, to the values that the server was built with. A setting
-- that has its value already is left alone, since some take a right to set.
with wanted (name, value) as (
    select s.name, coalesce(p.value, s.boot_val)
    from pg_settings as s
    left join json_each_text(%(pinned)s) as p on p.key = lower(s.name)
    where p.key is not null
        or (s.context = 'user' and s.name ~ '^enable_|_cost$|_collapse_limit$|^geqo|parallel')
    union all
    -- a crash of the server would lose what it has confirmed
    select 'synchronous_commit', 'on' where current_setting('synchronous_commit') = 'off'
    union all
    -- a partitioned table is refused where this names what holds anyway
    select 'default_tablespace', ''
    from pg_database as d
    join pg_tablespace as t on t.oid = d.dattablespace
    where d.datname = current_database() and t.spcname = current_setting('default_tablespace')
)
select set_config(w.name, w.value, false)
from wanted as w
where current_setting(w.name) is distinct from w.value
