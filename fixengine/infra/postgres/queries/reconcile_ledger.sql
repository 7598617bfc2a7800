-- The ledger's missing rows. An evaluation that filled nothing and was not announced is a row of
-- quantity 0 without price and time; what an announced one filled is the difference to the one
-- before it.
with missing as (
    select
        a.id, e.number_of_fills as had, coalesce(e.quantity_filled, 0) as quantity_filled,
        coalesce(e.total_amount, 0) as total_amount,
        generate_series(coalesce(e.number_of_fills, 0) + 1, max(a.number_of_fills)) as number
    from announced as a
    left join public.execution as e on e.id = a.id
    group by a.id, e.id
),
states as (
    select
        m.id, m.number, a.last_fill_timestamp as filled_at, a.id is not null as announced,
        coalesce(max(a.quantity_filled) over so_far, m.quantity_filled) as quantity_filled,
        coalesce(max(a.total_amount) over so_far, m.total_amount) as total_amount,
        m.quantity_filled as quantity_before, m.total_amount as total_before,
        min(a.version - a.number_of_fills) over (partition by m.id) + m.number as version
    from missing as m
    left join announced as a on a.id = m.id and a.number_of_fills = m.number
    window so_far as (partition by m.id order by m.number)
),
steps as (
    select
        s.*,
        s.quantity_filled - lag(s.quantity_filled, 1, s.quantity_before) over execution as quantity,
        s.total_amount - lag(s.total_amount, 1, s.total_before) over execution as amount
    from states as s
    window execution as (partition by s.id order by s.number)
)
insert into public.fill (
    execution_id, number, quantity, price, filled_at, quantity_filled, total_amount, version,
    announced
)
select
    s.id, s.number, s.quantity, nullif(round(s.amount / nullif(s.quantity, 0), 8), 0), s.filled_at,
    s.quantity_filled, s.total_amount, s.version, s.announced
from steps as s
