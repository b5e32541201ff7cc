"""The OpenAPI paths of the seven endpoints: served without FastAPI's help, they are described by hand."""

from typing import Any

_BASE = "/nexus/v3/openmedia/{service}/interactions"
_TEXT = {"type": ["string", "null"]}
_OBJECT = {"type": ["object", "null"]}
_USER_DATA = {**_OBJECT, "description": "at most 16,000 bytes of JSON; no reserved system property"}
_STOP = {"reasonSystemName": _TEXT, "reasonDescription": _TEXT}
_UPDATE = {
    "changedProperties": _USER_DATA,
    "addedProperties": _USER_DATA,
    "deletedProperties": {"type": ["array", "null"], "items": {"type": "string"}},
}
_CREATE = {
    "externalId": {**_TEXT, "minLength": 1},
    "parentInteractionId": _TEXT,
    "receivedAt": {**_TEXT, "description": "ISO 8601 with an offset", "example": "2026-01-31T09:30:00Z"},
    "userData": _USER_DATA,
}
_MEANINGS = {
    200: "success",
    400: "invalid request parameters",
    401: "missing or unknown key",
    403: "missing or unknown key (by behaviour)",
    404: "resource not found",
    405: "wrong method",
    409: "resource already exists",
    413: "user data over the limit (by behaviour)",
    415: "not JSON (by behaviour)",
    429: "too many requests (by fault)",
    500: "internal server error (by fault)",
    502: "bad gateway (by fault)",
    503: "unavailable (by fault)",
    504: "gateway timeout (by fault)",
}
_READING = (200, 400, 401, 403, 404, 405, 429, 500, 502, 503, 504)
_WRITING = (*_READING, 413, 415)
_PROPERTY = {
    "id": {"type": "string"},
    "externalId": _TEXT,
    "parentInteractionId": _TEXT,
    "mediaType": {"type": "string"},
    "state": {"type": "string"},
    "receivedAt": {"type": "string"},
    "userData": {"type": "object"},
}
SCHEMAS: dict[str, Any] = {
    "Interaction": {"type": "object", "properties": _PROPERTY, "required": list(_PROPERTY)},
    "Success": {
        "type": "object",
        "properties": {
            "status": {"$ref": "#/components/schemas/Status"},
            "data": {"$ref": "#/components/schemas/Interaction"},
        },
        "required": ["status", "data"],
    },
    "Refusal": {
        "type": "object",
        "properties": {"status": {"$ref": "#/components/schemas/Status"}},
        "required": ["status"],
    },
    "Status": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    },
}
INTRODUCTION = (
    "A stand-in for the Genesys Multicloud CX Open Media API. The seven endpoints are described as they"
    " answer with the default behaviour; /sandbox/behaviour, /sandbox/faults and /sandbox/script change that,"
    " also beyond what is described here: other envelopes, other statuses, HTML, cut connections."
)


def paths() -> dict[str, Any]:
    """The seven endpoints as OpenAPI path items."""
    described: dict[str, Any] = {
        _BASE: {"post": _operation("create", "Create an interaction", _CREATE, (*_WRITING, 409))}
    }
    for name, target, title in (
        ("externalId", "/ext_{externalId}", "an interaction by external id"),
        ("interactionId", "/{interactionId}", "an interaction"),
    ):
        described |= {
            _BASE + target: {"get": _operation(f"get_{name}", f"Get {title}", None, _READING, name)},
            f"{_BASE}{target}/stop": {
                "post": _operation(f"stop_{name}", f"Stop {title}", _STOP, _WRITING, name)
            },
            f"{_BASE}{target}/update": {
                "post": _operation(f"update_{name}", f"Update {title}", _UPDATE, _WRITING, name)
            },
        }
    return described


def _operation(
    name: str,
    summary: str,
    fields: dict[str, Any] | None,
    statuses: tuple[int, ...],
    target: str | None = None,
) -> dict[str, Any]:
    in_path = ["service"] if target is None else ["service", target]
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": ["Open Media API"],
        "parameters": [
            {"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in in_path
        ],
        "security": [{"key": []}],
        "responses": {str(status): _response(status) for status in sorted(statuses)},
    }
    if fields is not None:
        operation["requestBody"] = _body(fields, required=fields is _UPDATE)
    return operation


def _body(fields: dict[str, Any], *, required: bool) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"data": {"type": ["object", "null"], "properties": fields}},
    }
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _response(status: int) -> dict[str, Any]:
    shape = "Success" if status == 200 else "Refusal"  # noqa: PLR2004  # 200 is its own name
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
    return {"description": _MEANINGS[status], "content": content}
