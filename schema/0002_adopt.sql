-- What the Go service left open must be found by the claim.
update public.execution
set next_fill_timestamp = now()
where is_open and next_fill_timestamp is null;

-- Their consumer refuses fills of orders that were sent before they were received.
update public.execution
set sent_timestamp = received_timestamp
where is_open and sent_timestamp < received_timestamp;

-- quantity × price of two numeric(18,8) needs 20 integer digits; a small limit gate can be
-- evaluated more than 32,767 times before it lets a fill through.
alter table public.execution
    alter column total_amount type decimal(28, 8),
    alter column number_of_fills type integer;
