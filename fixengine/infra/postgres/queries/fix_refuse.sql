-- A request is refused, and its session has to be told, unless it was decided already. It may be
-- that its change was stored all the same, by another gateway.
with refused as (
    update public.fix_request as r
    set state = 'REFUSED'
    where r.session_id = %(session_id)s and r.cl_ord_id = %(cl_ord_id)s
        -- within a `case` no index serves but the key's
        and case when r.state = 'PENDING' then true end
        and (
            select c.number
            from public.change as c
            where c.execution_id = r.execution_id and c.request_key = %(key)s
        ) is null
    returning r.session_id, r.execution_id, r.cl_ord_id
)
insert into public.fix_pending (session_id, execution_id, cl_ord_id, reason)
select r.session_id, r.execution_id, r.cl_ord_id, %(reason)s
from refused as r
