"""A reply: one answer of the endpoint, and what it says whatever its dialect. Pure.

This is a third reading of the contract, beside the client's and the sandbox's, and knows neither of them: a
mistake that two of them share would be found by nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Codes inside a body that mean success.
_SUCCESS: Final = frozenset({0, 1, 200, "0", "1", "200", "SUCCESS", "OK"})
#: The words that stand for a status in the dialect of string codes.
_WORDS: Final[Mapping[str, int]] = {
    "INVALID_PARAMETER": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "TOO_MANY_REQUESTS": 429,
}
_FIRST_ERROR: Final = 400
#: A refusal in words that nobody knows.
_UNKNOWN_REFUSAL: Final = 499


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    http_status: int
    body: bytes = b""
    content_type: str = ""
    #: When it came, in seconds since some moment.
    at: float = 0.0
    #: The answer to the same call, sent at the same time; None where it was sent once.
    twin: "Reply | None" = None

    @property
    def form(self) -> str:
        """How it is wrapped: `empty`, `html`, `status`, `string-codes`, `bare`, or `other`."""
        if not self.body.strip():
            return "empty"
        if "html" in self.content_type.lower() or self.body.lstrip()[:1] == b"<":
            return "html"
        if not isinstance(self._json, dict):
            return "other"
        if self._code is None:
            return "bare"
        return "string-codes" if isinstance(self._code, str) else "status"

    @property
    def status(self) -> int:
        """What it comes to: the HTTP status, or that of a failure which travels in a success."""
        if self.http_status >= _FIRST_ERROR or self._code is None or self._code in _SUCCESS:
            return self.http_status
        if isinstance(self._code, int):
            return self._code if self._code >= _FIRST_ERROR else _UNKNOWN_REFUSAL
        return _WORDS.get(self._code.upper(), _UNKNOWN_REFUSAL)

    @property
    def refused(self) -> bool:
        """Whether it says no."""
        return self.status >= _FIRST_ERROR

    @property
    def fields(self) -> Mapping[str, Any]:
        """The interaction, or what else is in `data`; empty where nothing is shown."""
        whole = self._json
        if not isinstance(whole, dict):
            return {}
        inner = whole.get("data")
        if isinstance(inner, dict):
            return inner
        return {} if "status" in whole else whole

    @property
    def interaction_id(self) -> str:
        """The interaction's id; empty where it is not shown."""
        found = self.fields.get("id") or self.fields.get("interactionId")
        return found if isinstance(found, str) else ""

    @property
    def user_data(self) -> Mapping[str, Any] | None:
        """The interaction's user data; None where it is not shown."""
        found = self.fields.get("userData")
        return found if isinstance(found, dict) else None

    @property
    def _json(self) -> object:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def _code(self) -> int | str | None:
        whole = self._json
        status = whole.get("status") if isinstance(whole, dict) else None
        code = status.get("code") if isinstance(status, dict) else None
        return code if isinstance(code, int | str) else None
