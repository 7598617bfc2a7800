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
from tests.support.fix.certificates import Authority
from tests.support.fix.hall import LOGON, PATIENCE, Hall, Peer, listening


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def files(authority: Authority) -> TlsFiles:
    return authority.files(clients=True)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def listener(hall: Hall, files: TlsFiles) -> Iterator[Listener]:
    with listening(hall, tls=files) as listener:
        yield listener


class TlsPeer(Peer):
    """A client that trusts the authority, and may show a certificate."""

    def __init__(
        self, port: int, authority: Authority, *, shows: tuple[Path, Path] | None = None
    ) -> None:
        super().__init__(port)
        self.context = ssl.create_default_context(cafile=str(authority.certificate))
        if shows is not None:
            self.context.load_cert_chain(*shows)
        self.socket = self.context.wrap_socket(self.socket, server_hostname="gateway.test")


def test_large_answers_arrive_whole(hall: Hall, listener: Listener, authority: Authority) -> None:
    with TlsPeer(listener.port, authority) as peer:
        peer.says(LOGON)
        said = bytes(range(256)) * 8_192
        hall.guest().line.send(said)
        assert peer.hears(len(said)) == said
        peer.says(b"x" * 100_000)
        assert peer.hears(100_000) == b"x" * 100_000


def test_what_was_said_before_a_line_is_closed_still_goes_out(
    hall: Hall, listener: Listener, authority: Authority
) -> None:
    with TlsPeer(listener.port, authority) as peer:
        peer.says(LOGON)
        hall.guest().line.send(b"farewell" * 100_000)
        hall.guest().line.close()
        assert peer.hears_the_end() == b"farewell" * 100_000
    hall.saw_end(Ending.GATEWAY)


def test_a_client_shows_its_names(hall: Hall, listener: Listener, authority: Authority) -> None:
    shown = authority.issue("oms1.example.com", file="client")
    with TlsPeer(listener.port, authority, shows=shown) as peer:
        peer.says(LOGON)
        names = hall.guest().line.certificate_names
        assert names == {"CN of oms1.example.com", "oms1.example.com"}


def test_a_client_need_not_show_a_certificate(
    hall: Hall, listener: Listener, authority: Authority
) -> None:
    with TlsPeer(listener.port, authority) as peer:
        peer.says(LOGON)
        assert hall.guest().line.certificate_names == frozenset()


def test_a_certificate_of_somebody_else_is_refused(
    hall: Hall, listener: Listener, authority: Authority, tmp_path: Path
) -> None:
    shown = Authority(tmp_path).issue("oms1.example.com", file="client")
    # in TLS 1.3 a client hears only after its handshake what became of its certificate
    with (
        TlsPeer(listener.port, authority, shows=shown) as peer,
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
    hall: Hall, listener: Listener, authority: Authority
) -> None:
    with Peer(listener.port) as slow:
        slow.says(_hello()[:100])
        with TlsPeer(listener.port, authority) as peer:
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
    authority = Authority(tmp_path)
    files = authority.files()
    with listening(hall, tls=files) as listener:

        def shown() -> bytes | None:
            with TlsPeer(listener.port, authority) as peer:
                assert isinstance(peer.socket, ssl.SSLSocket)
                return peer.socket.getpeercert(binary_form=True)

        first = shown()
        files.certificate.write_text("half of a ch")
        assert shown() == first
        authority.files()
        wait_until(lambda: shown() != first, PATIENCE, "the new certificate")


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
            ours, server_hostname="gateway.test", do_handshake_on_connect=False
        )
        with closing(wrapped), pytest.raises(ssl.SSLWantReadError):
            wrapped.do_handshake()
        return theirs.recv(65_536)
