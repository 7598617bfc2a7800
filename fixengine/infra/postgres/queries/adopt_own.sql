-- What this engine stored under the numbers of its sessions before and did not publish yet, unless
-- others have taken it over. It knows of its own messages, and needs not wait as others must.
update public.outbox
set owner = %(owner)s
where owner = any(%(earlier)s::integer[])
