"""Mail settings refuse what could not work, or would give a password away, and say why."""

from typing import Any

import pytest
from pydantic import ValidationError

from worker.mail_settings import MailboxSettings, OAuthSettings, SmtpSettings

BOX: dict[str, Any] = {"host": "imap.example.com", "user": "u", "password": "env:P"}
OAUTH: dict[str, Any] = {"provider": "microsoft", "client_id": "c", "client_secret": "env:S"}
TLS: dict[str, Any] = {"certificate": "file:c", "private_key": "file:k"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"certificate": "file:c"}, "go together"),
        ({"require_tls": True}, "need smtp.certificate"),
        ({"tls_port": 465}, "need smtp.certificate"),
        ({"users": {"u": "env:P"}}, "passwords need TLS"),
    ],
)
def test_a_door_that_cannot_work(settings: dict[str, Any], said: str) -> None:
    """TLS is whole or absent, and passwords are taken over it unless somebody says otherwise."""
    with pytest.raises(ValidationError, match=said):
        SmtpSettings(**settings)


def test_a_door_that_works() -> None:
    """With its certificate, or with the permission, logins are possible."""
    assert SmtpSettings(**TLS, require_tls=True, tls_port=465, users={"u": "env:P"}).tls_port == 465
    assert SmtpSettings(users={"u": "env:P"}, allow_plain_login=True).users == {"u": "env:P"}


def test_the_usual_ports() -> None:
    """993 from the first byte, 143 otherwise, or what is set."""
    assert MailboxSettings(**BOX).server == ("imap.example.com", 993)
    assert MailboxSettings(**BOX, tls="starttls").server == ("imap.example.com", 143)
    assert MailboxSettings(**BOX, port=1143).server == ("imap.example.com", 1143)


@pytest.mark.parametrize("mark", ["\\Seen", "Bridge", "$Done"])
def test_marks(mark: str) -> None:
    """The flag that every server has, or a keyword."""
    assert MailboxSettings(**BOX, mark=mark).mark == mark


@pytest.mark.parametrize("mark", ["\\Deleted", "\\Answered", "two words", "", "a(b"])
def test_no_marks(mark: str) -> None:
    """Not one that means something else, nor what a server would not take."""
    with pytest.raises(ValidationError):
        MailboxSettings(**BOX, mark=mark)


def test_a_password_does_not_travel_in_the_clear() -> None:
    """Only to this machine, or where somebody says that it may."""
    with pytest.raises(ValidationError, match=r"would send the password to imap\.example\.com in the clear"):
        MailboxSettings(**BOX, tls="none")
    assert MailboxSettings(**BOX, tls="none", allow_plain_login=True).tls == "none"
    assert MailboxSettings(**{**BOX, "host": "localhost"}, tls="none").tls == "none"


def test_one_way_to_log_in() -> None:
    """A password or an account, not both, not neither."""
    oauth = {**OAUTH, "refresh_token": "env:R"}
    for wrong in ({**BOX, "oauth": oauth}, {"host": "h", "user": "u"}):
        with pytest.raises(ValidationError, match="one of the two"):
            MailboxSettings.model_validate(wrong)
    assert MailboxSettings.model_validate({"host": "h", "user": "u", "oauth": oauth}).password is None


def test_grants_that_a_provider_has() -> None:
    """Google wants a person's consent; Microsoft a directory where there is none."""
    with pytest.raises(ValidationError, match="Google gives mailboxes to no client"):
        OAuthSettings.model_validate({**OAUTH, "provider": "google"})
    with pytest.raises(ValidationError, match="name the directory"):
        OAuthSettings.model_validate(OAUTH)
    assert OAuthSettings.model_validate({**OAUTH, "tenant": "contoso"}).refresh_token is None
