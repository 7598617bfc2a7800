-- What statements rely on is set, whatever role, database, environment or server say of it: what is
-- given, and all ways of the planner but those as the server was built. Nothing is set that is so
-- already, since some of it takes a right.
with wanted (name, value) as (
    select s.name, coalesce(p.value, s.boot_val)
    from pg_settings as s
    left join json_each_text(%(pinned)s) as p on p.key = lower(s.name)
    where p.key is not null or s.name ^@ 'enable_'
    union all
    -- a crash of the server would lose what it has confirmed
    select 'synchronous_commit', 'on' where current_setting('synchronous_commit') = 'off'
)
select set_config(w.name, w.value, false)
from wanted as w
where current_setting(w.name) is distinct from w.value
