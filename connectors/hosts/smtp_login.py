"""Login at the SMTP door: who may hand mail over, by name and password."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiosmtpd.smtp import AuthResult, LoginPassword

from worker.errors import SecretMissing

_log: Any = structlog.get_logger()


class Login:
    """What aiosmtpd asks whether somebody may come in."""

    def __init__(self, passwords: Mapping[str, Callable[[], str]]) -> None:
        #: A user's present password; it may be changed while we run.
        self._passwords = passwords
        self._nobodys = secrets.token_hex()

    def __call__(
        self,
        server: object,  # noqa: ARG002 - aiosmtpd's signature
        session: Any,  # noqa: ANN401 - aiosmtpd has no types
        envelope: object,  # noqa: ARG002 - as above
        mechanism: str,
        said: LoginPassword,
    ) -> AuthResult:
        """Compare in a time that does not tell how much was right, nor whether there is such a user."""
        peer = session.peer[0] if session.peer else ""
        known = self._passwords.get(said.login.decode("utf-8", "replace"))
        try:
            expected = known() if known else self._nobodys
        except SecretMissing as error:
            _log.error("login_impossible", reason=str(error))
            message = "454 4.7.0 Temporary authentication failure"
            return AuthResult(success=False, handled=False, message=message)
        equal = hmac.compare_digest(_digest(said.password), _digest(expected.encode()))
        if equal:
            return AuthResult(success=True)
        _log.warning("login_refused", peer=peer, mechanism=mechanism)
        return AuthResult(success=False, handled=False)


def _digest(password: bytes) -> bytes:
    return hashlib.sha256(password).digest()
