-- What the audit has to know before it reads: the latest execution, since when there is a ledger,
-- and what time it is.
select
    (select max(e.id) from public.execution as e) as newest,
    (select s.applied_at from public.fixengine_schema as s where s.version = 3) as ledger_since,
    now() as now
