-- A gateway takes a session whose lock it holds. Both numbers begin anew where an operator asked for
-- it, or an end of day or week has passed since they began. They never seem to have begun before
-- that end, though the database's clock may be behind: or they would begin anew once more.
-- That holds until the client begins anew, too: our numbers would else grow with each of its Logons
-- until they are those that it expects, and it would send all its orders again.
update public.fix_session as s
set
    epoch = s.epoch + 1,
    (generation, next_in, next_out, reset_wanted, began_at) = (
        select
            s.generation + a.anew::integer,
            case when a.anew then 1 else s.next_in end,
            case when a.anew then 1 else s.next_out end,
            a.anew,
            case
                when a.anew then greatest(now(), %(began_since)s::timestamptz) else s.began_at
            end
        from (
            select s.reset_wanted or coalesce(s.began_at < %(began_since)s::timestamptz, false)
        ) as a (anew)
    ),
    wanted_at = null,
    owner = current_setting('application_name'),
    seen_at = now()
where s.id = %(id)s
returning s.id, s.epoch, s.generation, s.next_in, s.next_out
