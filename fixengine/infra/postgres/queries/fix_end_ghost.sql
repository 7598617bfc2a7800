-- Ends an earlier connection of this gateway, of which the server may not know yet that it is gone.
select pg_terminate_backend(a.pid)
from pg_stat_activity as a
where a.pid = %(pid)s and a.backend_start = %(began)s
