"""The reason: what a person gives when something is stopped or given up."""

from worker.errors import BridgeError


class NoReason(BridgeError):
    """Nobody said why."""


def require_reason(reason: str, *, what: str) -> str:
    """Return the reason without blanks around it. Raises NoReason."""
    if not reason.strip():
        raise NoReason(f"--reason is empty: say why {what}; whoever looks next will want to know")
    return reason.strip()
