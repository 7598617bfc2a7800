-- The numbers of engines that live: their locks are held.
select l.objid::bigint as engine
from pg_locks as l
where l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select d.oid from pg_database as d where d.datname = current_database())
    and l.classid = %(lock_class)s::integer::oid
