"""The file of the FIX gateway's sessions: what it may say, and all that is wrong with it."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixengine.config import load
from fixengine.config.fix_sessions import Agreement, Agreements, load_sessions, session_problems
from fixengine.config.passwords import hash_password
from fixengine.errors import ConfigError
from fixengine.ports.fix import Identity
from fixengine.rules.trading_day import TradingDay

HASH = hash_password(b"hunter2")
OMS1 = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")
LEAST = {"own": '"FIXENGINE"', "peer": '"OMS1"', "destination": '"ML"'}


class File:
    """A file of sessions, and the authorities that may sign clients' certificates."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sessions.toml"
        self._environment = {"FIX_SESSIONS": str(self.path)}

    def with_authorities(self) -> "File":
        files = ("FIX_TLS_CERTIFICATE", "FIX_TLS_KEY", "FIX_TLS_CLIENT_CA")
        self._environment |= dict.fromkeys(files, "a.pem")
        return self

    def of(self, *sessions: dict[str, str]) -> "File":
        tables = ("\n".join(f"{name} = {text}" for name, text in each.items()) for each in sessions)
        return self.text("\n".join(f"[[session]]\n{table}" for table in tables))

    def text(self, text: str) -> "File":
        self.path.write_text(text, "utf-8")
        return self

    def read(self) -> Agreements:
        return load_sessions(load(self._environment))

    def only(self, identity: Identity = OMS1) -> Agreement:
        found = self.read().of(identity)
        assert found is not None
        return found

    def problems(self) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            self.read()
        return caught.value.problems

    def problem(self) -> str:
        (only,) = self.problems()
        return only


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path)


def test_a_session_says_what_was_agreed_on(file: File) -> None:
    more = {
        "version": '"FIX.4.2"',
        "password": f'"{HASH}"',
        "username": '"trader"',
        "certificates": '["oms1.example.com", "oms2.example.com"]',
        "heartbeat": "[5, 60]",
        "end_of_day": '"17:00"',
        "end_of_week": '"FRI"',
        "time_zone": '"America/New_York"',
    }
    identity = OMS1._replace(begin=b"FIX.4.2")
    assert file.with_authorities().of(LEAST | more).only(identity) == Agreement(
        identity=identity,
        destination="ML",
        password=HASH,
        username=b"trader",
        certificates=frozenset({"oms1.example.com", "oms2.example.com"}),
        shortest_heartbeat_seconds=5,
        longest_heartbeat_seconds=60,
        day=TradingDay(ends_at=time(17), weekday=4, zone=ZoneInfo("America/New_York")),
    )


def test_what_is_left_out_asks_for_nothing(file: File) -> None:
    assert file.of(LEAST).only() == Agreement(
        identity=OMS1,
        destination="ML",
        password=None,
        username=None,
        certificates=frozenset(),
        shortest_heartbeat_seconds=1,
        longest_heartbeat_seconds=3_600,
        day=TradingDay(),
    )


def test_a_session_of_the_machine_is_made_of_it(file: File) -> None:
    settings = file.of(LEAST | {"heartbeat": "[5, 60]"}).only().session_settings
    assert (settings.own, settings.peer) == (b"FIXENGINE", b"OMS1")
    assert settings.dictionary.version == b"FIX.4.4"
    assert (settings.shortest_heartbeat_seconds, settings.longest_heartbeat_seconds) == (5, 60)


def test_who_has_no_session_is_unknown(file: File) -> None:
    known = file.of(LEAST).read()
    for other in ({"peer": b"OMS2"}, {"own": b"ENGINE"}, {"begin": b"FIX.4.2"}):
        assert known.of(OMS1._replace(**other)) is None


def test_a_template_is_for_everybody_and_a_session_of_his_own_counts_more(file: File) -> None:
    template = LEAST | {"peer": '"*"', "destination": '"ANY"'}
    for sessions in ((template, LEAST), (LEAST, template)):
        known = file.of(*sessions).read()
        guest = known.of(OMS1._replace(peer=b"GUEST"))
        assert guest is not None
        assert (guest.identity.peer, guest.destination) == (b"GUEST", "ANY")
        assert known.of(OMS1) == file.of(LEAST).only()


def test_nobody_is_called_as_the_template_is(file: File) -> None:
    known = file.of(LEAST | {"peer": '"*"'}).read()
    assert known.of(OMS1._replace(peer=b"*")) is None


def test_a_client_may_have_a_session_in_each_version(file: File) -> None:
    known = file.of(LEAST, LEAST | {"version": '"FIX.4.2"', "destination": '"OLD"'}).read()
    old = known.of(OMS1._replace(begin=b"FIX.4.2"))
    assert old is not None
    assert old.destination == "OLD"


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("own", '""', "own is '': write a CompID"),
        ("own", '"*"', "own is '*': write a CompID"),
        ("peer", '"O\\u0001"', r"peer is 'O\x01': write a CompID"),
        ("peer", '" OMS1"', "peer is ' OMS1': write a CompID"),
        ("peer", "7", "peer is 7: write a text in quotes"),
        ("version", '"FIX.4.3"', "version is 'FIX.4.3': write one of FIX.4.2, FIX.4.4"),
        ("destination", f'"{"x" * 21}"', f"destination is '{'x' * 21}': write 1 to 20 visible"),
        ("password", '"hunter2"', "write what `fixengine fix hash-password` prints"),
        ("username", '""', "username is '': write 1 to 64"),
        ("certificates", "[]", 'certificates is []: write a list of names, such as ["oms1.example'),
        ("certificates", '[" "]', "certificates is [' ']: write a list of names"),
        ("certificates", '"oms1"', "certificates is 'oms1': write a list of names"),
        ("heartbeat", "[60, 5]", "heartbeat is [60, 5]: write the shortest and the longest"),
        ("heartbeat", "[0, 0]", "heartbeat is [0, 0]: write the shortest and the longest"),
        ("heartbeat", "[-1, 5]", "heartbeat is [-1, 5]: write the shortest and the longest"),
        ("heartbeat", "[5, 3601]", "heartbeat is [5, 3601]: write the shortest and the longest"),
        ("heartbeat", "[true, 5]", "heartbeat is [True, 5]: write the shortest and the longest"),
        ("heartbeat", "30", "heartbeat is 30: write the shortest and the longest"),
        ("end_of_day", '"24:00"', "end_of_day is '24:00': write a time such as \"17:00\""),
        ("end_of_day", "17:00:00", "write a text in quotes"),
        ("end_of_week", '"Friday"', "end_of_week is 'Friday': write one of MON, TUE"),
        ("time_zone", '"Mars"', "time_zone is 'Mars': write a name of the IANA"),
        ("time_zone", '"America"', "time_zone is 'America': write a name of the IANA"),
        (
            "time_zone",
            '"/etc/localtime"',
            "time_zone is '/etc/localtime': write a name of the IANA",
        ),
        ("time_zone", '""', "time_zone is '': write a name of the IANA"),
        ("endofday", '"17:00"', "endofday is not known: write end_of_day, or remove it"),
        ("x", "1", "x is not known: remove it"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_with_the_remedy(
    file: File, name: str, text: str, remedy: str
) -> None:
    more = {"end_of_day": '"17:00"'} if name == "end_of_week" else {}
    problem = file.with_authorities().of(LEAST | more | {name: text}).problem()
    assert problem.startswith("FIX_SESSIONS, session 1 (")
    assert remedy in problem


def test_a_field_that_must_be_there_is_missed(file: File) -> None:
    problems = file.of({"heartbeat": "[5, 60]"}).problems()
    assert [each.partition(",")[2] for each in problems] == [
        " session 1, own is missing: write a text in quotes",
        " session 1, peer is missing: write a text in quotes",
        " session 1, destination is missing: write a text in quotes",
    ]


def test_a_password_that_is_no_hash_is_not_shown(file: File) -> None:
    assert "hunter2" not in file.of(LEAST | {"password": '"hunter2"'}).problem()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"end_of_week": '"FRI"'}, "end_of_week needs end_of_day: write both"),
        ({"username": '"trader"'}, "username needs password: write both, or neither"),
        ({"certificates": '["a"]'}, "certificates need FIX_TLS_CLIENT_CA"),
    ],
)
def test_a_field_that_needs_another_says_so(file: File, more: dict[str, str], problem: str) -> None:
    assert problem in file.of(LEAST | more).problem()


def test_a_session_is_there_once(file: File) -> None:
    problem = file.of(LEAST, LEAST | {"peer": '"OMS2"'}, LEAST).problem()
    assert "session 3 (FIXENGINE, OMS1), peer and own are those of session 1" in problem


def test_all_mistakes_of_all_sessions_are_reported_together(file: File) -> None:
    problems = file.of(
        LEAST | {"heartbeat": "[9, 1]", "end_of_day": '"noon"'},
        LEAST | {"peer": '"OMS2"'},
        LEAST | {"peer": '"OMS3"', "time_zone": '"Mars"', "x": "1"},
    ).problems()
    places = [" ".join(each.split()[1:7]) for each in problems]
    assert places == [
        "session 1 (FIXENGINE, OMS1), heartbeat is",
        "session 1 (FIXENGINE, OMS1), end_of_day is",
        "session 3 (FIXENGINE, OMS3), x is",
        "session 3 (FIXENGINE, OMS3), time_zone is",
    ]


def test_what_does_not_go_together_is_reported_beside_what_can_not_be_used(file: File) -> None:
    problems = file.of(
        LEAST | {"heartbeat": "[9, 1]", "username": '"trader"', "end_of_week": '"FRI"'},
        LEAST | {"destination": "1", "password": '"hunter2"', "username": '"trader"'},
    ).problems()
    assert [" ".join(each.split()[5:7]) for each in problems] == [
        "heartbeat is",
        "end_of_week needs",
        "username needs",
        "destination is",
        "password is",
        "peer and",
    ]


def test_what_can_not_be_read_of_the_settings_is_no_mistake_in_the_file(file: File) -> None:
    settings = load({"FIX_SESSIONS": str(file.of(LEAST | {"certificates": '["a"]'}).path)})
    assert len(session_problems(settings, frozenset())) == 1
    assert session_problems(settings, {"fix_tls_client_ca"}) == ()
    assert len(session_problems(load({}), frozenset())) == 1
    assert session_problems(load({}), {"fix_sessions"}) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty: write one [[session]] or several, and nothing else"),
        ("[[sesion]]\nown = 1", "has sesion in it: write one [[session]]"),
        ("session = 1", "has session in it: write one [[session]]"),
        ("[[session]]\nown = FIXENGINE", "is no TOML: Invalid value (at line 2, column 7)"),
    ],
)
def test_a_file_without_sessions_is_refused(file: File, text: str, problem: str) -> None:
    assert problem in file.text(text).problem()


def test_a_list_of_other_things_is_no_session(file: File) -> None:
    assert "session 1 is no table: write [[session]]" in file.text("session = [1]").problem()


def test_a_file_that_is_not_utf_8_is_refused_and_not_quoted(file: File) -> None:
    file.path.write_bytes(b'password = "hunter2\xff"')
    assert file.problem().endswith("which is not in UTF-8: correct it")


def test_a_file_that_is_not_there_is_missed(file: File) -> None:
    assert "can't be read (No such file or directory): give a file in TOML" in file.problem()


def test_a_gateway_without_a_file_of_sessions_has_nobody_to_serve() -> None:
    with pytest.raises(ConfigError, match="FIX_SESSIONS is not set, so nobody could log on"):
        load_sessions(load({}))
