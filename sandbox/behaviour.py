"""What the vendor's reference leaves open, one field per question; the defaults are our assumptions.

`PUT /sandbox/behaviour` changes them while the sandbox runs, so that a client can be shown every reading.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.refusal import ErrorEnvelope

Overload = Literal["429-seconds", "429-date", "429-bare", "503-seconds", "503-date", "503-bare"]


class Behaviour(BaseModel):
    """One consistent reading of the contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: How a success is wrapped: `{status, data}`; that with words for codes; the bare interaction; no body.
    envelope: Literal["status", "string-codes", "bare", "empty"] = "status"
    #: How a refusal is wrapped; `html` is what a gateway in front would send.
    error_envelope: ErrorEnvelope = "status"
    #: True: refusals travel in HTTP 200, only the body's code tells.
    failure_in_200: bool = False
    #: The name under which an interaction shows its id.
    id_field: Literal["id", "interactionId"] = "id"
    #: 16 characters of 0-9A-Z, or a UUID.
    id_style: Literal["short", "uuid"] = "short"
    #: Missing or unknown key: 401 or 403 with an error body, or 401 with an empty or HTML body.
    bad_key: Literal["401", "403", "empty", "html"] = "401"
    #: The status for a service that is not configured.
    unknown_service: Literal[404, 400] = 404
    #: Whether an interaction may be created without an external id.
    create_without_external_id: Literal["accept", "refuse"] = "accept"
    #: Whether a 409 names the interaction that is in the way.
    conflict_shows_id: bool = False
    #: Whether a live external id is in the way within its service only, or in every service.
    conflict_scope: Literal["service", "tenant"] = "service"
    #: Two creates at once with one external id: one of them is refused; or a new external id is in the way of
    #: others only after a second, and both are accepted. It leads to the newer one then.
    racing_creates: Literal["one", "both"] = "one"
    #: Whether the external id of a stopped interaction may be used again.
    create_after_stop: Literal["new", "conflict"] = "new"
    #: With `create_after_stop` = conflict: for how many seconds after the stop; null is for ever.
    conflict_for_s: float | None = Field(default=None, ge=0, le=3.2e9)
    #: After a stop: 404 for everything; or GET and a second stop still answer 200 with a state.
    after_stop: Literal["gone", "shown"] = "gone"
    #: Whether a create may name a parent that is not there.
    unknown_parent: Literal["accept", "refuse"] = "accept"
    #: A receivedAt that is not ISO 8601 with an offset.
    bad_received_at: Literal["refuse", "accept"] = "refuse"
    #: changedProperties names a key that is not there.
    changed_missing: Literal["upsert", "refuse", "ignore"] = "upsert"
    #: addedProperties names a key that is there.
    added_existing: Literal["overwrite", "refuse", "ignore"] = "overwrite"
    #: deletedProperties names a key that is not there.
    deleted_missing: Literal["ignore", "refuse"] = "ignore"
    #: One key in two of the three lists.
    key_in_two_lists: Literal["delete-wins", "refuse"] = "delete-wins"
    #: A reserved system property in user data.
    reserved_properties: Literal["refuse", "ignore"] = "refuse"
    #: How many UTF-8 bytes the user data may take as compact JSON.
    user_data_limit: int = Field(default=16_000, ge=0)
    #: The status for user data over the limit.
    user_data_over: Literal[400, 413] = 400
    #: Any JSON, or only strings, integers and nested objects.
    user_data_types: Literal["any", "strict"] = "any"
    #: A body whose fields are not inside `data`: as if empty; accepted flat; refused.
    unwrapped_body: Literal["empty", "flat", "refuse"] = "empty"
    #: The status for a body that is not JSON.
    not_json: Literal[400, 415] = 400
    #: What the fault `overload` answers: the status, and the form of its Retry-After.
    overload: Overload = "429-seconds"
    #: How many live interactions a service may hold; a create over it is a 409 that does not mean "exists".
    quota: int | None = Field(default=None, ge=0)
