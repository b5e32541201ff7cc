"""A certificate serves from its files, and follows them."""

import os
import ssl
from pathlib import Path

import pytest
import structlog

from connectors.hosts.smtp_tls import Certificate
from tests.certificates import self_signed
from worker.errors import SettingsError


def served(certificate: Certificate, trusted: Path) -> bool:
    """Say whether a client that believes one certificate is content with what it is shown."""
    client = ssl.create_default_context(cafile=str(trusted))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True


def later(*files: Path) -> None:
    """Make sure that files look changed, however coarse the file system's clock is."""
    for file in files:
        stamp = file.stat().st_mtime_ns + 1_000_000_000
        os.utime(file, ns=(stamp, stamp))


def test_changed_files_are_served(tmp_path: Path) -> None:
    """A renewed certificate is shown to the next client, without a restart."""
    files = self_signed(tmp_path)
    certificate = Certificate.read(*files)
    assert served(certificate, files[0])
    self_signed(tmp_path)
    later(*files)
    assert not served(certificate, files[0])
    certificate.refresh()
    assert served(certificate, files[0])


def test_half_a_renewal_changes_nothing(tmp_path: Path) -> None:
    """A chain whose key has not come yet leaves the old pair in use, and the log says so once."""
    files = self_signed(tmp_path)
    old = (tmp_path / "old.crt", files[1].read_bytes())
    old[0].write_bytes(files[0].read_bytes())
    certificate = Certificate.read(*files)
    self_signed(tmp_path)
    new_key = files[1].read_bytes()
    files[1].write_bytes(old[1])
    later(*files)
    with structlog.testing.capture_logs() as logs:
        certificate.refresh()
        certificate.refresh()
    assert [line["event"] for line in logs] == ["certificate_not_renewed"]
    assert served(certificate, old[0])
    files[1].write_bytes(new_key)
    later(files[1])
    certificate.refresh()
    assert served(certificate, files[0])


def test_a_missing_file_is_a_wrong_setting(tmp_path: Path) -> None:
    """What cannot be read is named, with the reason."""
    chain, key = self_signed(tmp_path)
    with pytest.raises(SettingsError, match=r"smtp\.certificate .*nowhere.* cannot be used: No such file"):
        Certificate.read(tmp_path / "nowhere", key)
    with pytest.raises(SettingsError, match="cannot be used"):
        Certificate.read(chain, chain)
