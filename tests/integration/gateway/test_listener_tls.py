"""Lines with TLS: who can't speak it is shown out, and nobody waits for him."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import ConfigError
from fixengine.infra.fix.limits import LineLimits
from fixengine.infra.fix.listener import Listener
from fixengine.infra.fix.tls import TlsFiles
from fixengine.ports.lines import Ending
from tests.support.fix.hall import LOGON, PATIENCE, Hall, Peer, listening
from tests.support.network.certificates import Identity


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def server(folder: Path) -> Identity:
    return Identity.made(folder, "gateway.example.com")


@pytest.fixture(scope="module")
def oms(folder: Path) -> Identity:
    return Identity.made(folder, "oms1.example.com")


@pytest.fixture(scope="module")
def files(server: Identity, oms: Identity) -> TlsFiles:
    """Return a gateway's files, with which one client may show its certificate."""
    return TlsFiles(certificate=server.certificate, key=server.key, client_ca=oms.certificate)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def listener(hall: Hall, files: TlsFiles) -> Iterator[Listener]:
    with listening(hall, tls=files) as listener:
        yield listener


def test_large_answers_arrive_whole(hall: Hall, listener: Listener, server: Identity) -> None:
    with Peer(listener.port).begin_tls(server) as peer:
        peer.says(LOGON)
        said = bytes(range(256)) * 8_192
        hall.guest().line.send(said)
        assert peer.hears(len(said)) == said
        peer.says(b"x" * 100_000)
        assert peer.hears(100_000) == b"x" * 100_000


def test_what_was_said_before_a_line_is_closed_still_goes_out(
    hall: Hall, listener: Listener, server: Identity
) -> None:
    with Peer(listener.port).begin_tls(server) as peer:
        peer.says(LOGON)
        hall.guest().line.send(b"farewell" * 100_000)
        hall.guest().line.close()
        assert peer.hears_the_end() == b"farewell" * 100_000
    hall.saw_end(Ending.GATEWAY)


def test_a_client_shows_its_names(
    hall: Hall, listener: Listener, server: Identity, oms: Identity
) -> None:
    with Peer(listener.port).begin_tls(server, shows=oms) as peer:
        peer.says(LOGON)
        assert hall.guest().line.certificate_names == {"oms1.example.com", "127.0.0.1"}


def test_a_client_need_not_show_a_certificate(
    hall: Hall, listener: Listener, server: Identity
) -> None:
    with Peer(listener.port).begin_tls(server) as peer:
        peer.says(LOGON)
        assert hall.guest().line.certificate_names == frozenset()


def test_a_certificate_of_somebody_else_is_refused(
    hall: Hall, listener: Listener, server: Identity, tmp_path: Path
) -> None:
    forged = Identity.made(tmp_path, "oms1.example.com")
    # in TLS 1.3 a client hears only after its handshake what became of its certificate
    with (
        Peer(listener.port).begin_tls(server, shows=forged) as peer,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        assert peer.socket.recv(1) != b""
    hall.saw_end(Ending.TLS)
    assert hall.guests == []


def test_plain_text_for_tls_is_shown_out(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        assert LOGON not in peer.hears_the_end()
    hall.saw_end(Ending.TLS)


def test_tls_for_plain_text_is_shown_out_without_a_word(hall: Hall) -> None:
    with listening(hall) as listener, Peer(listener.port) as peer:
        peer.says(_hello())
        assert peer.hears_the_end() == b""
        hall.saw_end(Ending.LOGON)


def test_an_old_version_is_refused(hall: Hall, listener: Listener) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with Peer(listener.port) as peer, pytest.raises(ssl.SSLError):
        old.wrap_socket(peer.socket)
    hall.saw_end(Ending.TLS)


def test_who_is_slow_with_his_handshake_holds_up_nobody(
    hall: Hall, listener: Listener, server: Identity
) -> None:
    with Peer(listener.port) as slow:
        slow.says(_hello()[:100])
        with Peer(listener.port).begin_tls(server) as peer:
            peer.says(LOGON)
            hall.guest()
            peer.says(b"at once")
            assert peer.hears(7) == b"at once"
            assert hall.ended == {}


def test_who_never_ends_his_handshake_is_shown_out(hall: Hall, files: TlsFiles) -> None:
    with (
        listening(hall, tls=files, limits=LineLimits(arrival=0.5)) as listener,
        Peer(listener.port) as slow,
    ):
        slow.says(_hello()[:100])
        assert slow.hears_the_end() == b""
        hall.saw_end(Ending.LOGON)


def test_new_certificates_count_for_new_lines(hall: Hall, tmp_path: Path) -> None:
    server = Identity.made(tmp_path, "gateway.example.com")
    before = ssl.PEM_cert_to_DER_cert(server.certificate.read_text("ascii"))
    trusted = Identity(certificate=tmp_path / "trusted.pem", key=server.key)
    trusted.certificate.write_bytes(server.certificate.read_bytes())
    files = TlsFiles(certificate=server.certificate, key=server.key)
    with listening(hall, tls=files) as listener:

        def shown() -> bytes | None:
            with Peer(listener.port).begin_tls(trusted) as peer:
                assert isinstance(peer.socket, ssl.SSLSocket)
                return peer.socket.getpeercert(binary_form=True)

        assert shown() == before
        server.certificate.write_text("half of a ch")
        assert shown() == before
        Identity.made(tmp_path, "gateway.example.com")
        with trusted.certificate.open("ab") as trust:
            trust.write(server.certificate.read_bytes())
        wait_until(lambda: shown() != before, PATIENCE, "the new certificate")


def test_files_that_are_no_certificates_are_named(
    hall: Hall, files: TlsFiles, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(ConfigError, match=f"{missing} can't be read"):
        Listener(port=0, counts=hall, tls=replace(files, certificate=missing)).start(hall)
    with pytest.raises(ConfigError, match="without a passphrase"):
        Listener(port=0, counts=hall, tls=replace(files, key=files.certificate)).start(hall)


def _hello() -> bytes:
    """Return the first message of a client of TLS."""
    ours, theirs = socket.socketpair()
    context = ssl.create_default_context()
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        wrapped = context.wrap_socket(
            ours, server_hostname="127.0.0.1", do_handshake_on_connect=False
        )
        with closing(wrapped), pytest.raises(ssl.SSLWantReadError):
            wrapped.do_handshake()
        return theirs.recv(65_536)
