-- An engine that starts meanwhile can't claim, store or take over until this is done.
lock table public.execution, public.fill, public.outbox in exclusive mode
