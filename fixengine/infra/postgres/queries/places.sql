-- How the names of this database's engines begin in the consumer group, and the numbers in names
-- that living engines use. Two databases have different names, so their engines never take each
-- other's place: copies have another oid, and the schemas of two servers were made at two times.
select
    (
        select 'fixengine-' || left(md5(d.oid || coalesce(min(v.applied_at)::text, '')), 8) || '-'
        from public.fixengine_schema as v
    ) as prefix,
    array(
        select l.objid::bigint
        from pg_locks as l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2
            and l.database = d.oid and l.classid = %(place_class)s::integer::oid
    ) as used
from pg_database as d
where d.datname = current_database()
