"""Log lines hold no secret, no address and no content: planted ones are looked for in all that is written."""

import smtplib
from collections.abc import Iterator

import httpx
import pytest

from tests.imap_servers import USER, ImapServer, dovecot, has_dovecot, pymap
from tests.ports import free_port
from tests.stories.conftest import Stack, wait_until

pytestmark = pytest.mark.story

#: Everything planted has this in it, whatever it stands for.
PLANTED = "pl4nted"
SECRETS = {
    "STORY_HOOK": f"hook-secret-{PLANTED}",
    "STORY_CLIENT": f"client-key-{PLANTED}",
    "STORY_MAIL": f"mail-password-{PLANTED}",
    "STORY_SALES": f"sales-key-{PLANTED}",
    "STORY_INBOX": f"inbox-password-{PLANTED}",
    "STORY_LOCKED": f"wrong-password-{PLANTED}",
}
SETTINGS = """
[http]
port = {http}
[smtp]
port = {smtp}
enabled = true
allow_plain_login = true
users = {{ relay = "env:STORY_MAIL" }}
[services.sales]
base_url = "http://127.0.0.1:{sandbox}/nexus/v3"
api_key = "env:STORY_SALES"
call_timeout_s = 1.4
connect_timeout_s = 1.0
[clients.shop]
keys = ["env:STORY_CLIENT"]
services = ["support"]
[channels.tickets]
connector = "webhook"
verify = {{ scheme = "token", header = "x-token" }}
secrets = ["env:STORY_HOOK"]
service = "support"
[channels.tickets.options]
rules = [{{ do = "create" }}]
external_id = "body.id"
user_data = {{ Subject = "body.subject", From = "body.from" }}
[channels.orders]
connector = "webhook"
verify = {{ scheme = "token", header = "x-token" }}
secrets = ["env:STORY_HOOK"]
service = "sales"
options = {{ rules = [{{ do = "create" }}], external_id = "body.id" }}
[channels.mail]
connector = "email"
service = "support"
options = {{ addresses = ["support@example.com"] }}
[channels.inbox]
connector = "email"
service = "support"
options = {{ addresses = ["inbox@example.com"] }}
[channels.inbox.mailbox]
host = "127.0.0.1"
port = {imap}
tls = "none"
user = "{user}"
password = "env:STORY_INBOX"
address = "inbox@example.com"
poll_s = 1
[channels.locked]
connector = "email"
service = "support"
options = {{ addresses = ["locked@example.com"] }}
[channels.locked.mailbox]
host = "127.0.0.1"
port = {imap}
tls = "none"
user = "{user}"
password = "env:STORY_LOCKED"
address = "locked@example.com"
folder = "INBOX/locked"
poll_s = 1
"""
_HEAD = f"From: jane.{PLANTED}@example.org\r\nSubject: {PLANTED}\r\nMessage-ID: <{PLANTED}"
IN_THE_MAILBOX = (
    f"{_HEAD}-1@example.org>\r\nTo: inbox@example.com\r\n\r\nIt is {PLANTED}.\r\n".encode(),
    f"{_HEAD}-2@example.org>\r\nTo: nobody.{PLANTED}@example.com\r\n\r\nIt is {PLANTED}.\r\n".encode(),
    f"{_HEAD}-3@example.org>\r\nTo: inbox@example.com\r\nContent-Type: multipart/mixed; boundary={PLANTED}"
    f"\r\n\r\n--{PLANTED}\r\nContent-Transfer-Encoding: base64\r\n\r\n!{PLANTED}!\r\n".encode(),
)


def logged(stack: Stack, name: str) -> str:
    """Return everything that processes of a name wrote."""
    return "".join(path.read_text() for path in stack.directory.glob(f"{name}-*.log"))


@pytest.fixture
def mailbox() -> Iterator[ImapServer]:
    """A mailbox with a mail for us, one for nobody and one that is broken, all planted."""
    server = dovecot if has_dovecot() else pymap
    with server(password=SECRETS["STORY_INBOX"]) as mailbox:
        mailbox.put(*IN_THE_MAILBOX)
        yield mailbox


@pytest.fixture
def ports(stack: Stack, mailbox: ImapServer) -> dict[str, int]:
    """Where an intake and a worker, told to log everything, are spoken to."""
    ports = {name: free_port() for name in ("http", "smtp")}
    text = SETTINGS.format(**ports, sandbox=stack.sandbox_port, imap=mailbox.port, user=USER)
    stack.config.write_text(f'log_level = "debug"\nlog_format = "json"\n{stack.config.read_text()}{text}')
    stack.environment |= SECRETS
    stack.start("intake", "-m", "bridge", "intake", "--doors", "http,smtp,imap")
    stack.start("worker", "-m", "bridge", "worker")
    return ports


def deliver(ports: dict[str, int]) -> list[int]:
    """Come by every door, rightly and wrongly, with planted content; return what was answered."""
    base, person = f"http://127.0.0.1:{ports['http']}", f"jane.{PLANTED}@example.org"
    body = {"id": "r-1", "subject": f"I am {PLANTED}", "from": person}
    right = {"x-token": SECRETS["STORY_HOOK"]}
    answers = [
        httpx.post(f"{base}/channels/tickets", json=body, headers=right),
        httpx.post(f"{base}/channels/tickets", json=body, headers={"x-token": f"wrong-{PLANTED}"}),
        httpx.post(f"{base}/channels/tickets", content=f"no json {person}", headers=right),
        httpx.post(f"{base}/channels/tickets?from={person}", json={**body, "id": "r-2"}, headers=right),
        httpx.post(
            f"{base}/v1/services/support/interactions",
            json={"external_id": "r-3", "user_data": {"From": person}},
            headers={"authorization": f"Bearer {SECRETS['STORY_CLIENT']}", "idempotency-key": '"r-3"'},
        ),
        httpx.post(
            f"{base}/v1/services/support/interactions",
            json={"external_id": "r-4"},
            headers={"authorization": f"Bearer wrong-{PLANTED}-key"},
        ),
        # the API refuses this service's key
        httpx.post(f"{base}/channels/orders", json={**body, "id": "r-5"}, headers=right),
    ]
    mail = f"From: {person}\r\nTo: support@example.com\r\nSubject: {PLANTED}\r\n\r\nIt is {PLANTED}.\r\n"
    with smtplib.SMTP("127.0.0.1", ports["smtp"]) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("relay", f"wrong-{PLANTED}")
        client.login("relay", SECRETS["STORY_MAIL"])
        client.sendmail(person, ["support@example.com"], mail)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(person, [f"nobody.{PLANTED}@example.com"], mail)
    return [answer.status_code for answer in answers]


def unread(mailbox: ImapServer) -> list[int]:
    """Return which mails nobody has seen to yet."""
    return [uid for uid, flags in mailbox.flags().items() if not flags]


def test_nothing_that_was_planted_is_logged(stack: Stack, ports: dict[str, int], mailbox: ImapServer) -> None:
    """At the finest level, through every door, with refusals by us and by the API: no line has any of it."""
    wait_until(lambda: _answers(ports), reason="the intake")
    assert deliver(ports) == [202, 401, 202, 202, 202, 401, 202]
    wait_until(lambda: not unread(mailbox), reason="the mailbox to be read")
    wait_until(lambda: "mailbox_login_refused" in logged(stack, "intake"), reason="the one that stays shut")
    wait_until(lambda: len(stack.effects()) >= 5, reason="the interactions")
    wait_until(lambda: "service_held" in logged(stack, "worker"), reason="the refused key")
    for name in ("intake", "worker"):
        lines = logged(stack, name).splitlines()
        assert lines, f"{name} wrote nothing, so nothing was proved"
        assert [line for line in lines if PLANTED in line] == []


def _answers(ports: dict[str, int]) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{ports['http']}/readyz").status_code == 200
    except httpx.TransportError:
        return False
