-- A place for what was ordered: messages of fills do not tell it once it was changed, and never tell
-- until when an execution may be filled. Like the topic, it may hold an order twice.
create temporary table ordered (
    place serial, order_id integer, quantity numeric, limit_price numeric, expires_at timestamptz
) on commit drop
