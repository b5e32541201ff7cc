"""Who may log in, and that a refusal does not tell why."""

import pytest
import structlog
from aiosmtpd.smtp import LoginPassword

from connectors.hosts.smtp_login import Login
from worker.errors import SecretMissing


class Session:
    """What the login sees of aiosmtpd's session."""

    peer = ("192.0.2.7", 4711)


def say(login: Login, user: bytes, password: bytes) -> tuple[bool, str | None]:
    """Log in, and return whether that went well, and the reply where there is a special one."""
    result = login(None, Session(), None, "PLAIN", LoginPassword(user, password))
    return result.success, result.message


def test_a_name_and_its_password_open_the_door() -> None:
    """The right pair is let in; a wrong password, an unknown name and no password at all are not."""
    login = Login({"relay": lambda: "sesame"})
    assert say(login, b"relay", b"sesame") == (True, None)
    with structlog.testing.capture_logs() as logs:
        for pair in ((b"relay", b"wrong"), (b"nobody", b"sesame"), (b"\xff", b""), (b"relay", b"")):
            assert say(login, *pair) == (False, None)
    assert {line["event"] for line in logs} == {"login_refused"}
    assert "sesame" not in str(logs)


def test_a_password_may_change() -> None:
    """The present password counts."""
    present = ["old"]
    login = Login({"relay": lambda: present[0]})
    present[0] = "new"
    assert say(login, b"relay", b"old")[0] is False
    assert say(login, b"relay", b"new")[0] is True


def test_a_missing_secret_is_our_trouble() -> None:
    """Whoever logs in while the password cannot be read is asked to come again."""

    def missing() -> str:
        raise SecretMissing("file:gone: gone cannot be read")

    with structlog.testing.capture_logs() as logs:
        success, message = say(Login({"relay": missing}), b"relay", b"x")
    assert not success
    assert (message or "").startswith("454")
    assert logs[0]["reason"] == "file:gone: gone cannot be read"


@pytest.mark.parametrize("password", [b"", b"anything"])
def test_a_door_without_users_lets_nobody_log_in(password: bytes) -> None:
    """There is no name that fits."""
    assert say(Login({}), b"", password)[0] is False
