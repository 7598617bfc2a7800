-- Nobody waits for the answers of this transaction after so long.
select set_config('statement_timeout', %(milliseconds)s::text, true)
