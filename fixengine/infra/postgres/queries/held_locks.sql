-- The numbers of those whose locks of a class are held: engines that live, or sessions by FIX that a
-- gateway has.
select l.objid::bigint as id
from pg_locks as l
where l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select d.oid from pg_database as d where d.datname = current_database())
    and l.classid = %(lock_class)s::integer::oid
