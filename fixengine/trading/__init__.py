"""Orders by FIX: what clients ask for becomes orders, and what becomes of them is reported.

Pure: nothing here knows a session's numbers, a socket, a clock or a database.
"""
