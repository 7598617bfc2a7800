-- Where an execution's trace goes on, as W3C Trace Context writes it: part of its fills' messages,
-- which must come out the same whenever and by whichever engine they are sent. Written once, with
-- the execution, and only with tracing. Not a column: the Go service, on the way back, takes `*`.
create table public.execution_trace (
    execution_id  integer primary key,
    traceparent   varchar(55) not null
);
