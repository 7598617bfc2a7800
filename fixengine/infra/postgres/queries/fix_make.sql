-- A session that nobody has logged on by before, unless another gateway makes it at the same time.
insert into public.fix_session (begin_string, own_comp_id, peer_comp_id)
values (%(begin)b, %(own)b, %(peer)b)
on conflict (peer_comp_id, own_comp_id, begin_string) do nothing
