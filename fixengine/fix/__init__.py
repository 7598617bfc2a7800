"""FIX without sockets, clocks and databases: bytes and times come in, effects go out.

    framing → message → validation          bytes become messages, and messages are judged
    door → session ← gap, replay, pulse     a message moves the session, which answers with effects

`session` begins with the table of its states. `tables` has the standard, `dictionary` reads it.
"""
