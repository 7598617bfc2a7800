-- A gateway lets a session go; whoever takes it next waits until this has committed.
with seen as (
    update public.fix_session as s set seen_at = now() where s.id = %(id)s and s.epoch = %(epoch)s
)
select pg_advisory_unlock(%(lock_class)s, %(id)s)
