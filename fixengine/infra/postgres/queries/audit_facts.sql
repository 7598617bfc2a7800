-- What the audit has to know before it reads: which of how many databases this is, the latest
-- execution, since when there is a ledger, and what time it is.
with numbers as (
    select (s.seqstart - 1) % s.seqincrement + 1 as shard, s.seqincrement as shards
    from pg_sequence as s
    where s.seqrelid = pg_get_serial_sequence('public.execution', 'id')::regclass
)
select
    coalesce((select n.shard from numbers as n), 1) as shard,
    coalesce((select n.shards from numbers as n), 1) as shards,
    (select max(e.id) from public.execution as e) as newest,
    (select s.applied_at from public.fixengine_schema as s where s.version = 3) as ledger_since,
    now() as now
