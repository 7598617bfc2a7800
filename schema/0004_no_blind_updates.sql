-- A pod of the Go service that still runs writes a row as it read it a while ago, with its own fill
-- added, and would undo what was filled meanwhile. It gives every column a value; an execution's
-- order never changes, so no update of this engine gives this one any. For the statement, not for
-- each row: updates of the engine pay nothing.
create function public.refuse_blind_update() returns trigger language plpgsql as $$
begin
    raise exception 'executions are filled by fixengine alone: an update must leave '
        'execution_service_id out, and check the version it read';
end
$$;

create trigger execution_blind_update
    before update of execution_service_id on public.execution
    for each statement execute function public.refuse_blind_update();
