"""The actors of a FIX gateway: who they are, and who asks and tells whom.

The supervisor starts them in this order and stops them in reverse, as it does with an engine's:

    supervisor
    ├── repository  gateway/repository.py  holds the sessions, and stores all that they leave
    ├── symbols     gateway/symbols.py     tickers ⇄ securities, read every minute
    ├── desk        changing/              cancels and replaces executions, in turn with claims
    ├── requests    gateway/requests.py    has requests to cancel and replace decided
    ├── directory   gateway/directory.py   who is logged on; starts and ends the sessions
    │   └── session gateway/session.py     one for each client that is logged on
    ├── reports     gateway/reports.py     looks for sessions that have something to be told
    ├── porter      gateway/porter.py      who may log on: CompIDs, passwords, certificates
    ├── acceptor    gateway/acceptor.py    opens the port
    └── reader      gateway/reader.py      answers REST, and counts what waits

Sessions are not the supervisor's: when one crashes, its line is closed and its session let go, and
nobody else notices. The client logs on again. With repository or directory all sessions end. The
reader is the last one, so that it takes nobody along.

Whoever asks waits for the reply, with a deadline:

    requests   asks  desk        ChangeExecution
    session    asks  repository  CommitWork
    rest       asks  reader      GetSessions GetSent

News is lost with a mailbox: what counts is the database, and what clients count.

    directory  tells repository  BeginAnew TakeSession ReleaseSession
    repository tells directory   SessionAnswered SessionsWanted SessionsLost
    acceptor   tells porter      Knocked
    porter     tells directory   Admitted
    directory  tells session     LogOut DropLine
    session    tells directory   SessionEnded
    session    tells requests    RequestsStored
    session    tells symbols     SymbolMissed
    reports    tells session     ReportsWait
    line       tells session     BytesCame LineLost
"""
