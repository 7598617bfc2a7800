-- What this engine stored under the number of its session before and did not publish yet, unless
-- others have taken it over. It knows of its own messages, and needs not wait as others must.
update public.outbox
set owner = %(owner)s
where owner = %(before)s
