"""The one way in which the sandbox says no. How a refusal looks on the wire is decided in `answer`."""

from typing import Literal

ErrorEnvelope = Literal["status", "string-codes", "empty", "html"]


class RefusedError(Exception):
    """The call is refused: a status, a sentence for the caller, perhaps the interaction in its way."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        interaction_id: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        envelope: ErrorEnvelope | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.interaction_id = interaction_id
        self.headers = headers
        #: Overrides the behaviour's error envelope, for what a gateway in front would answer in its own way.
        self.envelope = envelope
