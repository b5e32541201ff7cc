"""Mail by SMTP and LMTP from clients that nobody here wrote, into a bridge that really runs."""

import json
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.ports import free_port
from tests.stories.conftest import Stack, wait_until
from worker.interactions import State

pytestmark = pytest.mark.story

SUPPORT = "support@example.com"
CHANNEL = """
[channels.mail]
connector = "email"
service = "support"
[channels.mail.options]
addresses = ["support@example.com"]
[smtp]
port = {port}
tls_port = {tls_port}
certificate = "file:server.crt"
private_key = "file:server.key"
require_tls = true
users = {{ relay = "env:RELAY_PASSWORD" }}
[lmtp]
socket = "{socket}"
"""


@dataclass
class Doors:
    """Where mail goes."""

    stack: Stack
    port: int
    tls_port: int
    socket: Path

    @property
    def context(self) -> ssl.SSLContext:
        """What believes the doors."""
        return ssl.create_default_context(cafile=str(self.stack.directory / "server.crt"))

    def arrived(self) -> set[str]:
        """Return the subjects of the interactions at the API."""
        creates = [each for each in self.stack.effects() if each["operation"] == "create"]
        return {each["request"]["data"]["userData"]["Subject"] for each in creates}


@pytest.fixture
def doors(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Doors:
    """A bridge with all its doors for mail."""
    self_signed(stack.directory)
    found = Doors(stack, free_port(), free_port(), tmp_path_factory.mktemp("s") / "l")
    channel = CHANNEL.format(port=found.port, tls_port=found.tls_port, socket=found.socket)
    stack.config.write_text(stack.config.read_text() + channel)
    stack.environment["RELAY_PASSWORD"] = "sesame"
    stack.start_worker()
    stack.start_beat()
    stack.start("intake", "-m", "bridge", "intake", "--doors", "smtp")
    wait_until(found.socket.exists, reason="the doors to open")
    return found


def mail(name: str) -> bytes:
    """Return a mail of its own thread."""
    return (
        f"From: a@example.org\r\nMessage-ID: <{name}@example.org>\r\nSubject: {name}\r\n\r\nHi.\r\n".encode()
    )


def test_clients_of_every_kind(doors: Doors) -> None:
    """By STARTTLS, by implicit TLS, by LMTP and from swaks, each mail becomes an interaction."""
    with smtplib.SMTP("localhost", doors.port) as client:
        client.starttls(context=doors.context)
        client.login("relay", "sesame")
        assert client.sendmail("a@example.org", [SUPPORT], mail("starttls")) == {}
    with smtplib.SMTP_SSL("localhost", doors.tls_port, context=doors.context) as client:
        client.login("relay", "sesame")
        assert client.sendmail("a@example.org", [SUPPORT], mail("implicit")) == {}
    with smtplib.LMTP(str(doors.socket)) as client:
        assert client.sendmail("a@example.org", [SUPPORT], mail("lmtp")) == {}
    wanted = {"starttls", "implicit", "lmtp"}
    if swaks := shutil.which("swaks"):
        wanted |= {_swaks(swaks, doors, "PLAIN"), _swaks(swaks, doors, "LOGIN")}
    wait_until(lambda: doors.arrived() == wanted, reason="an interaction for each mail")
    view = doors.stack.with_bridge(lambda bridge: bridge.store.interactions("support", limit=10))
    assert {each.state for each in view} == {State.OPEN}


def _swaks(swaks: str, doors: Doors, mechanism: str) -> str:
    """Send a mail with swaks and return its subject."""
    name = f"swaks-{mechanism.lower()}"
    where = ("--server", "127.0.0.1", "--port", str(doors.port), "--tls")
    who = ("--auth", mechanism, "--auth-user", "relay", "--auth-password", "sesame")
    what = ("--from", "a@example.org", "--to", SUPPORT, "--header", f"Subject: {name}")
    done = subprocess.run(
        [swaks, *where, *who, *what], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return name


def test_strangers_are_turned_away(doors: Doors) -> None:
    """Without TLS, with a wrong password, or for nobody here, nothing is taken."""
    with smtplib.SMTP("localhost", doors.port) as client, pytest.raises(smtplib.SMTPException):
        client.sendmail("a@example.org", [SUPPORT], mail("plain"))
    with smtplib.SMTP_SSL("localhost", doors.tls_port, context=doors.context) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("relay", "guess")
        client.login("relay", "sesame")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@example.org", ["nobody@example.com"], mail("nobody"))
    assert doors.arrived() == set()


def test_a_probe_is_seen_and_measured(stack: Stack) -> None:
    """It comes in by the channel, opens nothing, and is listed among what was let go."""
    port = stack.start_smtp(CHANNEL.partition("[smtp]")[0])
    code, said, _ = _probe(stack, port, SUPPORT)
    assert (code, json.loads(said)["channel"]) == (0, "mail")
    assert 0 <= json.loads(said)["seconds"] < 30
    assert stack.with_bridge(lambda bridge: bridge.store.interactions("support", limit=10)) == ()
    (note,) = stack.with_bridge(lambda bridge: bridge.store.notes("support", "mail", limit=10))
    assert note.id.startswith("probe-")
    code, _, why = _probe(stack, port, "nobody@example.com")
    assert code == 1
    assert f"127.0.0.1 port {port} did not take the probe" in why
    stack.config.write_text(
        stack.config.read_text() + '[channels.mail.options.machines]\nauto_reply = "tag"\n'
    )
    code, _, why = _probe(stack, port, SUPPORT)
    assert code == 1
    assert "the probe would be taken for mail" in why


def _probe(stack: Stack, port: int, to: str) -> tuple[int, str, str]:
    where = ("--smtp", f"127.0.0.1:{port}", "--to", to)
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "mail", "probe", "mail", *where, "--json", "--patience", "30"],
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr
