"""Tokens: what a browser has and nobody can guess, and what is derived from it."""

import hashlib
import hmac
import secrets
from typing import Final

_BYTES: Final = 32
_CSRF: Final = b"bridge console form"


def new_token() -> str:
    """Return a new token for a browser: 256 bits."""
    return secrets.token_urlsafe(_BYTES)


def kept_as(token: str) -> str:
    """Return the name under which the store knows a token: whoever reads the store cannot present it."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str) -> str:
    """Return what forms of this browser carry: only pages read by it can know, so nothing is kept for it."""
    return hmac.new(token.encode(), _CSRF, hashlib.sha256).hexdigest()


def is_csrf_of(token: str, presented: str) -> bool:
    """Say whether a form came from a page of this browser."""
    return hmac.compare_digest(csrf_of(token).encode(), presented.encode("utf-8", "surrogatepass"))
