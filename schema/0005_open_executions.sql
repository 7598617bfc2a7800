-- What is open now, newest first: REST is asked it again and again, and of a large table next to
-- nothing may be open. Its other filters do without an index of their own, which every fill would
-- have to keep up to date.
create index execution_open_ndx on public.execution (id) where is_open;
