"""What can never work in a connection string is refused before an engine starts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.config import describe, load
from fixengine.errors import ConfigError
from fixengine.infra.postgres.driver.dsn import refusal
from fixengine.infra.postgres.driver.sessions import parameters
from fixengine.infra.process.checks import setting_problems
from fixengine.secrets import PIECE


def problems(dsn: str) -> list[str]:
    return [*setting_problems(dsn=dsn, client_config={}, collector=None)]


@pytest.mark.parametrize(
    ("dsn", "named"),
    [
        ("host=h port=abc", 'invalid integer value "abc" for connection option "port"'),
        ("host=h port=99999", 'invalid port number: "99999"'),
        ("host=a,b,c port=1,2", "could not match 2 port numbers to 3 hosts"),
        ("host=h sslmode=maybe", 'invalid sslmode value: "maybe"'),
        ("host=h sslmode=require sslrootcert=system", 'weak sslmode "require"'),
        ("host=h channel_binding=often", 'invalid channel_binding value: "often"'),
        ("host=h connect_timeout=3s", "connect_timeout is '3s'"),
        ("host=h keepalives_idle=long", "keepalives_idle is 'long'"),
        ("service=nobodys", 'definition of service "nobodys" not found'),
        ("postgresql://u:geheim@h/d?geheim=5", "names an option that libpq does not know"),
        ("host=h password=x geheim=5", "names an option that libpq does not know"),
        ("postgresql://u:p@h:geheim/d", "invalid integer value for port"),
        ("postgresql://u:p@h/d?sslmode=geheim", "invalid sslmode value"),
        ("host=h pool_size=5", "pool_size is no option of libpq's"),
        ("postgresql://h/d?pool_size=5", "pool_size is no option of libpq's"),
        ("postgresql://u:p@geheim@h/d", "one that belongs to the password is written %40"),
        ("postgresql://u:geheim%x@h/d", "it can't be read"),
        ("host='h password=geheim", "it can't be read"),
        ("host='h", "unterminated quoted string"),
        ("host=h replication=database", "replication"),
    ],
)
def test_what_the_driver_would_refuse_is_named(dsn: str, named: str) -> None:
    (problem,) = problems(dsn)
    assert problem.startswith("POSTGRES_DSN ")
    assert named in problem
    assert "geheim" not in problem
    assert "\n" not in problem


@given(st.text("αβγδ@:/?#%&=[]' \\\"+\n", min_size=4, max_size=16))
def test_whatever_is_written_for_a_password_no_piece_of_it_is_said(password: str) -> None:
    for written in (
        "postgresql://me:{}@host/db",
        "postgresql://me:12{}@host:5432/db",
        "postgresql://host/db?user=me&password={}",
        "postgresql://host/db?password={}&sslmode=require",
        "host=host user=me password={} dbname=db",
        "host=host user=me password='{}' dbname=db",
    ):
        try:
            settings = load({"POSTGRES_DSN": written.format(password)})
        except ConfigError as error:
            said = str(error)
        else:
            # it is described only where the driver takes it
            said = refusal(settings.postgres_dsn) or str(describe(settings))
            said += repr(settings)
        for begin in range(len(password) - PIECE + 1):
            piece = password[begin : begin + PIECE]
            assert piece not in said or piece.isascii()  # else words of ours may have it


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:p%40ss@a:1,b:2/d?target_session_attrs=read-write",
        "postgresql:///d?host=/tmp",
        "host=a,b port=1,2 load_balance_hosts=random",
        "hostaddr=192.0.2.1 sslmode=verify-full sslrootcert=/nowhere",
        "host=h gssencmode=require keepalives_idle=7 passfile=/nowhere connect_timeout=10",
    ],
)
def test_what_the_driver_can_try_is_taken(dsn: str) -> None:
    assert not problems(dsn)


def test_a_service_says_what_its_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "services"
    file.write_text(
        "[ours]\nhost=h\nconnect_timeout=9\noptions=-c work_mem=7MB\n"
        "[slow]\nhost=h\noptions=-c statement_timeout=0\n",
        "utf-8",
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")
    assert not problems("service=ours")
    beside = parameters("service=ours", application_name="pod")
    assert not {"options", "connect_timeout"} & beside.keys()
    assert parameters("host=h", application_name="pod")["options"] == ""
    (problem,) = problems("service=slow")
    assert "statement_timeout" in problem
