"""QuickFIX/C++ as a client, in a process of its own: `python -m … SETTINGS`.

It reads commands, a line each, and answers with a line of JSON: `send D 11=A|55=IBM|…` sends a
message, `again` asks for everything again from number 1, `book` says what it has. It logs out when
its input ends.
"""

import json
import os
import sys
from threading import Lock

import quickfix as fix  # type: ignore[import-untyped]  # has no types

_SOH = "\x01"


class Client(fix.Application):  # type: ignore[misc]  # without types
    """Keeps each message of the application as it was given to it."""

    def __init__(self, settings: fix.SessionSettings) -> None:
        super().__init__()
        self.session_id: fix.SessionID | None = None
        self.logons = 0
        self._settings = settings
        self._messages: list[str] = []
        self._lock = Lock()

    def onCreate(self, session_id: fix.SessionID) -> None:  # noqa: N802 - the library's name
        self.session_id = session_id

    def onLogon(self, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        self.logons += 1

    def onLogout(self, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        pass

    def toAdmin(self, message: fix.Message, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        if message.getHeader().getField(35) == "A":
            of_session = self._settings.get(session_id)
            for tag, name in ((553, "Username"), (554, "Password")):
                if of_session.has(name):
                    message.setField(tag, of_session.getString(name))

    def fromAdmin(self, message: fix.Message, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        if message.getHeader().getField(35) == "3":  # Reject
            self._keep(message)

    def toApp(self, message: fix.Message, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        pass

    def fromApp(self, message: fix.Message, session_id: fix.SessionID) -> None:  # noqa: N802 - as above
        self._keep(message)

    def _keep(self, message: fix.Message) -> None:
        with self._lock:
            self._messages.append(message.toString().replace(_SOH, "|"))

    def carry_out(self, command: str) -> object:
        verb, _, rest = command.partition(" ")
        match verb:
            case "send":
                self._send(*rest.split(" ", 1))
            case "again":
                self.session.setNextTargetMsgSeqNum(1)
                self._send("1", "112=AGAIN")  # its answer shows the gap
            case "book":
                return self.book()
        return {}

    def book(self) -> object:
        session = self.session
        with self._lock:
            return {
                "logons": self.logons,
                "is_logged_on": session.isLoggedOn(),
                "next_in": session.getExpectedTargetNum(),
                "next_out": session.getExpectedSenderNum(),
                "messages": list(self._messages),
            }

    @property
    def session(self) -> fix.Session:
        return fix.Session.lookupSession(self.session_id)

    def _send(self, kind: str, fields: str) -> None:
        message = fix.Message()
        message.getHeader().setField(35, kind)
        for field in fields.split("|"):
            tag, _, value = field.partition("=")
            message.setField(int(tag), value)
        fix.Session.sendToTarget(message, self.session_id)


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the library writes there about certificates
    settings = fix.SessionSettings(sys.argv[1])
    client = Client(settings)
    store = fix.FileStoreFactory(settings)
    speaks_tls = settings.get().has(fix.CERTIFICATE_AUTHORITIES_FILE)
    kind = fix.SSLSocketInitiator if speaks_tls else fix.SocketInitiator
    initiator = kind(client, store, settings, fix.FileLogFactory(settings))
    initiator.start()
    for line in sys.stdin:
        answers.write(f"{json.dumps(client.carry_out(line.strip()))}\n")
        answers.flush()
    initiator.stop()


if __name__ == "__main__":
    main()
