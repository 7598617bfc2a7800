-- A session is wanted that another gateway holds, which looks each second. Said once a second, as
-- it writes to the same row.
update public.fix_session as s
set wanted_at = now()
where s.id = %(id)s
    and coalesce(s.wanted_at, '-infinity') <= now() - interval '1 second'
