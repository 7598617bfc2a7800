"""Files of the FIX gateway's TLS are tried before anything is started."""

import subprocess
from pathlib import Path

import pytest

from fixengine.config import load
from fixengine.infra.fix.tls import tls_problems
from tests.programs import wanted
from tests.support.network.certificates import Identity


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Identity:
    return Identity.made(folder, "gateway")


def problems(certificate: Path, key: Path, authorities: Path | None = None) -> list[str]:
    environment = {"FIX_TLS_CERTIFICATE": str(certificate), "FIX_TLS_KEY": str(key)}
    if authorities is not None:
        environment["FIX_TLS_CLIENT_CA"] = str(authorities)
    return [*tls_problems(load(environment))]


def test_a_certificate_with_its_key_can_be_used(gateway: Identity) -> None:
    assert problems(gateway.certificate, gateway.key, gateway.certificate) == []
    assert tls_problems(load({})) == ()


def test_a_key_of_another_certificate_is_refused(gateway: Identity, folder: Path) -> None:
    other = Identity.made(folder, "other")
    (problem,) = problems(gateway.certificate, other.key)
    assert problem.startswith("FIX_TLS_…: TLS can't be had")
    assert f"{other.key} its key without a passphrase" in problem


@pytest.mark.timeout(60)  # it would ask the terminal
def test_a_key_with_a_password_is_refused(gateway: Identity, folder: Path) -> None:
    locked = folder / "locked.key"
    convert = (wanted("openssl"), "rsa", "-aes256", "-passout", "pass:hunter2")
    subprocess.run(
        (*convert, "-in", gateway.key, "-out", locked), check=True, capture_output=True, timeout=60
    )
    (problem,) = problems(gateway.certificate, locked)
    assert f"{locked} its key without a passphrase" in problem


def test_a_file_that_cannot_be_used_is_named(gateway: Identity, folder: Path) -> None:
    missing, empty = folder / "missing", folder / "empty"
    empty.touch()
    (problem,) = problems(missing, gateway.key, empty)
    assert f"{missing} can't be read" in problem
    (problem,) = problems(gateway.certificate, gateway.key, empty)
    assert str(empty) in problem
