-- What a statement of this engine waits for, longer than its limits allow: the server does not end
-- one that waits for a standby to confirm its commit, nor one whose process the system has stopped.
select a.wait_event
from pg_stat_activity as a
where a.datname = current_database()
    and a.application_name = current_setting('application_name')
    and a.state = 'active' and a.query_start < now() - %(limit)s * interval '1 second'
order by a.query_start
limit 1
