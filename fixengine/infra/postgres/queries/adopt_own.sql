-- Adopts what this engine stored under the numbers of its earlier sessions and has not published,
-- unless others have taken it over. It knows its own messages, so it need not wait as others must.
update public.outbox
set owner = %(owner)s
where owner = any(%(earlier)s::integer[])
