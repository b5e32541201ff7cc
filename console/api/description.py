"""The description: what OpenAPI 3.1 says beyond what FastAPI reads from the operations themselves."""

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from connectors.hosts.commands.frame import document, responses
from console.api import problems

TITLE: Final = "openmedia-bridge administration"
VERSION: Final = "1"
_INTRODUCTION: Final = (
    "What the operations console shows and does, for programs. Each client has a token and a role: viewer, "
    "operator or admin. Every act is written to the audit log before it is done."
)
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
    return {"response_model": model, "responses": responses(*_ALWAYS)}


def act(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of an operation that is done when it is answered."""
    return {"response_model": model, "responses": responses(*_WITH_BODY)}


def begin(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of an operation that goes on after it is answered."""
    where = {"description": "Where to see how far it is.", "schema": {"type": "string"}, "required": True}
    return {
        "response_model": model,
        "status_code": 202,
        "response_description": "Begun.",
        "responses": {202: {"headers": {"Location": where}}, **responses(*_WITH_BODY)},
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    return document(app, _INTRODUCTION)
