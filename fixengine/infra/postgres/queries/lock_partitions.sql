-- Engines that have orders of one partition at the same time, as around a rebalance, store them one
-- after the other: the second sees what the first has stored, and takes no numbers for it.
select pg_advisory_xact_lock(%(lock_class)s, each.partition)
from unnest(%(partitions)s::integer[]) as each (partition)
