"""The frame of every API of the bridge: what the router refuses, its description, and where problems lead.

What differs (operations, guards, words) is given by each API; nothing of it stands here.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from connectors.hosts.commands.problems import MEDIA_TYPE, NOT_FOUND, WRONG_METHOD, Kind, Problem

_TEXT: Final = {"type": "string"}
_REASON: Final = {
    "type": "object",
    "properties": {"at": _TEXT, "reason": _TEXT},
    "required": ["at", "reason"],
}


def framed(title: str, version: str, kinds: Mapping[str, Kind]) -> FastAPI:
    """Return an application without operations; `kinds` are the problems that it may tell, by name."""

    async def explain(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == WRONG_METHOD.status:
            told = "This path takes other methods."
            return Problem(kinds[WRONG_METHOD.name], told, headers=error.headers).response()
        return Problem(kinds[NOT_FOUND.name], "The path leads nowhere.").response()

    # FastAPI's own pages load scripts from elsewhere.
    return FastAPI(
        title=title,
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: explain},
    )


def add_description(app: FastAPI, path: str, describe: Callable[[FastAPI], dict[str, Any]]) -> None:
    """Serve the OpenAPI document at a path; it is made when somebody asks first."""

    @functools.cache
    def described() -> bytes:
        return orjson.dumps(describe(app))

    async def openapi(_: Request) -> Response:
        return Response(described(), media_type="application/json")

    app.router.add_route(path, openapi, include_in_schema=False)


def add_problems(app: FastAPI, types: str, kinds: Mapping[str, Kind]) -> None:
    """Explain each kind of problem where its `type` leads: beneath the path `types`."""

    async def problem(request: Request) -> Response:
        kind = kinds.get(request.path_params["name"])
        if kind is None:
            return Problem(kinds[NOT_FOUND.name], "There is no such type of problem.").response()
        told = {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}
        return Response(orjson.dumps(told), media_type="application/json")

    app.router.add_route(types + "{name}", problem, include_in_schema=False)


def responses(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Return the errors of an operation: each status with the problems it may stand for."""
    found: dict[int | str, dict[str, Any]] = {}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for kind in kinds:
        told = found.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: dict(schema)}})
        told["description"] = f"{told['description']} · {kind.title}".removeprefix(" · ")
        examples = told["content"][MEDIA_TYPE].setdefault("examples", {})
        examples[kind.name] = {"value": _example(kind)}
    return found


def document(
    app: FastAPI, introduction: str, *, problem: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application; `problem` are further fields of its problems."""
    described = get_openapi(title=app.title, version=app.version, description=introduction, routes=app.routes)
    components = described.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _problem_schema(problem or {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"bearer": []}]
    return described


def _problem_schema(more: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "Problem details (RFC 9457). `type` leads to an explanation on this server.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "errors": {"type": "array", "items": _REASON},
            **{name: {**_TEXT, **said} for name, said in more.items()},
        },
        "required": ["type", "title", "status", "detail"],
    }


def _example(kind: Kind) -> dict[str, Any]:
    return {"type": kind.type, "title": kind.title, "status": kind.status, "detail": kind.meaning}
