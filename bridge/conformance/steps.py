"""A step: one call of a probe, said without addresses, names or keys, and what it is on the wire. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

Operation = Literal["create", "get", "update", "stop"]

#: The property that pads user data to a size.
_PADDING: Final = "bridge_padding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call."""

    operation: Operation
    #: Which of the probe's own interactions is meant; empty is one without an external id.
    name: str = "a"
    #: What stands in `data`.
    fields: Mapping[str, Any] = field(default_factory=dict)
    #: A body as it is, instead of `fields`.
    raw: bytes | None = None
    #: How many bytes of compact JSON the user data of a create takes, its mark included; 0 pads nothing.
    user_data_bytes: int = 0
    #: How long is waited before it, in seconds.
    pause_s: float = 0.0
    #: Whether it is sent twice at once.
    twice: bool = False
    #: The service that is called: the one in question, a second one that is configured, or none there is.
    where: Literal["own", "other", "nowhere"] = "own"
    #: Which key is sent.
    key: Literal["right", "wrong", "none"] = "right"


@dataclass(frozen=True, slots=True)
class Mark:
    """How the interactions of a run can be told from all others."""

    #: The user data property that holds the run's id.
    property: str
    run: str

    def external_id(self, question: str, name: str) -> str:
        """Return the external id of a probe's interaction."""
        return f"conform-{self.run}-{question.replace('_', '-')}-{name}"


def create(name: str = "a", **fields: Any) -> Step:  # noqa: ANN401 - whatever a body may hold
    """Open an interaction."""
    return Step(operation="create", name=name, fields=fields)


def get(name: str = "a") -> Step:
    """Read an interaction."""
    return Step(operation="get", name=name)


def update(name: str = "a", **fields: Any) -> Step:  # noqa: ANN401 - as above
    """Change an interaction."""
    return Step(operation="update", name=name, fields=fields)


def stop(name: str = "a") -> Step:
    """End an interaction."""
    return Step(operation="stop", name=name, fields={"reasonDescription": "conformance run"})


def body(step: Step, mark: Mark, question: str) -> bytes | None:
    """Return what the call carries; user data bears the mark."""
    if step.raw is not None:
        return step.raw
    if step.operation == "get":
        return None
    fields = dict(step.fields)
    if step.operation == "create":
        if step.name:
            fields["externalId"] = mark.external_id(question, step.name)
        marked = {**fields.get("userData", {}), mark.property: mark.run}
        fields["userData"] = _padded(marked, step.user_data_bytes)
    return json.dumps({"data": fields}).encode()


def _padded(user_data: Mapping[str, Any], size: int) -> Mapping[str, Any]:
    if not size:
        return user_data
    padded = {**user_data, _PADDING: ""}
    return {**padded, _PADDING: "x" * (size - len(json.dumps(padded, separators=(",", ":"))))}


def path(service: str, operation: Operation, target: str = "") -> str:
    """Return the path of a call beneath the base URL; `target` is `ext_` and an external id, or an id."""
    parts = ["openmedia", service, "interactions"]
    if operation != "create":
        parts.append(target)
    if operation in ("update", "stop"):
        parts.append(operation)
    return "/" + "/".join(quote(part, safe="") for part in parts)
