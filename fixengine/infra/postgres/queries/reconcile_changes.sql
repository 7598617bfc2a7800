-- Changes that messages tell of: an end by its status, new terms by those of the message before; the
-- first message's by those of the database or else of the order. Where a message tells of a fill or
-- an end as well, the terms are from the evaluation before, which was not announced. Nobody tells of
-- keys of requests; an end that was due is taken for one that the engine made.
with told as (
    select
        a.id, a.number_of_fills as number, a.execution_status = any('{CNCLD,CPART}') as is_end,
        a.last_fill_timestamp as made_at, a.quantity_ordered as quantity, a.limit_price,
        coalesce(e.number_of_fills, 0) as had,
        a.quantity_filled > lag(a.quantity_filled, 1, coalesce(e.quantity_filled, 0)) over execution
            as is_fill,
        case
            when lag(a.id) over execution is not null then lag(a.quantity_ordered) over execution
            else coalesce(e.quantity_ordered, o.quantity, a.quantity_ordered)
        end as quantity_before,
        case
            when lag(a.id) over execution is not null then lag(a.limit_price) over execution
            when e.id is not null then e.limit_price
            when o.order_id is not null then o.limit_price
            else a.limit_price
        end as limit_before
    from announced as a
    left join public.execution as e on e.id = a.id
    left join (select distinct on (o.order_id) o.* from ordered as o order by o.order_id, o.place) as o
        on o.order_id = a.execution_service_id
    window execution as (partition by a.id order by a.number_of_fills)
),
changed as (
    select
        t.id, t.number - (t.is_end or t.is_fill)::integer as number, 'REPLACE' as kind,
        t.quantity_before, t.limit_before, t.quantity, t.limit_price
    from told as t
    where (t.quantity_before, t.limit_before) is distinct from (t.quantity, t.limit_price)
        and t.number - (t.is_end or t.is_fill)::integer > t.had
    union all
    select
        t.id, t.number, case when t.made_at >= x.expires_at then 'EXPIRE' else 'CANCEL' end,
        t.quantity, t.limit_price, t.quantity, t.limit_price
    from told as t
    left join public.expiry as x on x.execution_id = t.id
    where t.is_end
)
insert into public.change (
    execution_id, number, kind, quantity_before, limit_before, quantity, limit_price
)
select c.id, c.number, c.kind, c.quantity_before, c.limit_before, c.quantity, c.limit_price
from changed as c
