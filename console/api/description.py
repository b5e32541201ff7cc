"""The description: what OpenAPI 3.1 says beyond what FastAPI reads from the operations themselves."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from connectors.hosts.commands.problems import MEDIA_TYPE
from console.api import problems
from console.api.problems import AdminKind

TITLE: Final = "openmedia-bridge administration"
VERSION: Final = "1"
_INTRODUCTION: Final = (
    "What the operations console shows and does, for programs. Each client has a token and a role: viewer, "
    "operator or admin. Every act is written to the audit log before it is done."
)
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Problem details (RFC 9457). `type` leads to an explanation on this server.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"at": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["at", "reason"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_ALWAYS: Final = (
    problems.MALFORMED,
    problems.INVALID,
    problems.UNAUTHORIZED,
    problems.NOT_ALLOWED,
    problems.NOT_FOUND,
    problems.NOT_POSSIBLE,
    problems.UNAVAILABLE,
)
_WITH_BODY: Final = (*_ALWAYS, problems.TOO_SLOW, problems.TOO_LARGE, problems.WRONG_TYPE)


def question(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of an operation that only reads."""
    return {"response_model": model, "responses": _responses(*_ALWAYS)}


def act(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of an operation that is done when it is answered."""
    return {"response_model": model, "responses": _responses(*_WITH_BODY)}


def begin(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of an operation that goes on after it is answered."""
    where = {"description": "Where to see how far it is.", "schema": {"type": "string"}, "required": True}
    return {
        "response_model": model,
        "status_code": 202,
        "response_description": "Begun.",
        "responses": {202: {"headers": {"Location": where}}, **_responses(*_WITH_BODY)},
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    described = get_openapi(
        title=app.title, version=app.version, description=_INTRODUCTION, routes=app.routes
    )
    components = described["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"bearer": []}]
    return described


def _responses(*kinds: AdminKind) -> dict[int | str, dict[str, Any]]:
    """Return the errors of an operation: each status with the problems it may stand for."""
    found: dict[int | str, dict[str, Any]] = {}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for kind in kinds:
        told = found.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: dict(schema)}})
        told["description"] = f"{told['description']} · {kind.title}".removeprefix(" · ")
    return found
