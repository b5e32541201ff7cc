"""IMAP servers that nobody here wrote: Dovecot where it is installed, pymap otherwise."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.certificates import self_signed
from tests.ports import free_port

USER, PASSWORD = "support@example.com", "sesame"
_PATIENCE_S = 15.0

_DOVECOT = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = 1
{who}
passdb {{
  driver = static
  args = password={password}
}}
{oauth}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
  {chroot}
}}
service stats {{
  client_limit = 100
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
_OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
"""
_OAUTH_CONFIG = """
introspection_url = {url}
introspection_mode = post
username_attribute = email
active_attribute = active
active_value = true
"""


@dataclass
class ImapServer:
    """A server that runs, with one user."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    tls_port: int = 0
    #: What to believe it by.
    certificate: Path | None = None
    #: What its user logs in with.
    password: str = PASSWORD

    def client(self) -> IMAPClient:
        """Return a connection of our own."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=30)
        client.login(USER, self.password)
        return client

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Let mails arrive; one that meets the exchange of its folder comes again, as from a mail server."""
        waiting = deque(mails)
        while waiting:
            try:
                with self.client() as client:
                    while waiting:
                        client.append(folder, waiting[0])
                        waiting.popleft()
            except IMAPClientError as error:
                if "deleted under us" not in str(error):
                    raise

    def flags(self, folder: str = "INBOX") -> dict[int, set[bytes]]:
        """Return the flags of every mail, by UID."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            uids = client.search("ALL")
            return {uid: set(flags) - {b"\\Recent"} for uid, flags in client.get_flags(uids).items()}

    def subjects(self, folder: str) -> list[str]:
        """Return the subject of every mail, in order."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search("ALL"), ["ENVELOPE"])
            return [found[uid][b"ENVELOPE"].subject.decode() for uid in sorted(found)]

    def renumber(self, folder: str) -> None:
        """Give every mail of a folder a new number, under a new UIDVALIDITY, as a restored backup does."""
        with self.client() as client:
            client.create_folder(f"{folder}-restored")
            client.select_folder(folder)
            if uids := client.search("ALL"):
                client.copy(uids, f"{folder}-restored")
            client.unselect_folder() if client.has_capability("UNSELECT") else client.close_folder()
            client.delete_folder(folder)
            client.rename_folder(f"{folder}-restored", folder)

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def has_dovecot() -> bool:
    """Say whether Dovecot is installed."""
    return shutil.which("dovecot") is not None


def has_pymap() -> bool:
    """Say whether pymap is installed."""
    return importlib.util.find_spec("pymap") is not None


@contextlib.contextmanager
def dovecot(*, introspection_url: str = "", port: int = 0, password: str = PASSWORD) -> Iterator[ImapServer]:
    """Run a private Dovecot; with an introspection endpoint, it takes XOAUTH2 as well."""
    with tempfile.TemporaryDirectory(prefix="dovecot-", dir="/tmp") as directory:
        home = Path(directory)
        home.chmod(0o755)
        files = self_signed(home)
        ports = (port or free_port(), None, free_port())
        server = ImapServer("dovecot", *ports, files[0], password)  # type: ignore[arg-type]  # set below
        config = _configured(home, files, server, introspection_url)
        server.process = subprocess.Popen(["dovecot", "-F", "-c", str(config)])  # noqa: S607 - where the system has it
        try:
            _await(server, home / "log")
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def pymap(*, port: int = 0, password: str = PASSWORD) -> Iterator[ImapServer]:
    """Run a pymap that keeps its mails in memory."""
    port = port or free_port()
    program = Path(sys.executable).with_name("pymap")
    command = [str(program), "--host", "127.0.0.1", "--port", str(port)]
    user = ["--no-tls", "dict", "--demo-data", "--demo-user", USER, "--demo-password", password]
    process = subprocess.Popen([*command, *user], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = ImapServer("pymap", port, process, password=password)
    try:
        _await(server)
        with server.client() as client:
            client.select_folder("INBOX")
            client.delete_messages(client.search("ALL"))
            client.expunge()
        yield server
    finally:
        server.stop()


def _configured(home: Path, files: tuple[Path, Path], server: ImapServer, introspection_url: str) -> Path:
    me = pwd.getpwuid(os.getuid())
    root = me.pw_uid == 0
    owner = pwd.getpwnam("nobody") if root else me
    (home / "mail").mkdir()
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    alone = f"default_internal_user = {me.pw_name}\ndefault_login_user = {me.pw_name}\n"
    if introspection_url:
        (home / "oauth2.conf").write_text(_OAUTH_CONFIG.format(url=introspection_url))
    config = home / "dovecot.conf"
    config.write_text(
        _DOVECOT.format(
            home=home,
            certificate=files[0],
            key=files[1],
            mechanisms=" xoauth2" if introspection_url else "",
            oauth=_OAUTH.format(home=home) if introspection_url else "",
            password=server.password,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            port=server.port,
            tls_port=server.tls_port,
            who="" if root else alone,
            chroot="" if root else "chroot =",
        )
    )
    return config


def _await(server: ImapServer, log: Path | None = None) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with server.client():
                return
        except OSError as error:
            if time.monotonic() > deadline or server.process.poll() is not None:
                said = log.read_text() if log and log.exists() else ""
                raise AssertionError(f"{server.name} does not answer: {said}") from error
            time.sleep(0.05)
