-- What a FIX order said that each report on it repeats.
alter table public.fix_order add column echoed bytea;
comment on column public.fix_order.echoed is
    'fields of the order that each report repeats, as they came';
