"""Every API's requests meet its guard first."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.requests import Request
from starlette.responses import Response

from connectors.hosts.commands.guarded import Handle, decoded, guarded
from connectors.hosts.commands.problems import Problem


class Doorman:
    """Lets nobody in who does not say please."""

    async def answer(self, request: Request, handle: Handle) -> Response:
        """Answer for the operation, or let it."""
        if "please" not in request.headers:
            return Response("not like that", status_code=403)
        return await handle(request)


def test_the_guard_decides_before_the_operation_does() -> None:
    """What it refuses never gets there, not even to have its body read."""
    app = FastAPI()
    app.router.route_class = guarded(Doorman())

    @app.post("/x")
    async def operation(body: dict[str, int]) -> dict[str, int]:
        return body

    async def ask(**headers: str) -> tuple[int, str]:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://t") as client:
            answer = await client.post("/x", json={"a": 1}, headers=headers)
        return answer.status_code, answer.text

    assert asyncio.run(ask()) == (403, "not like that")
    assert asyncio.run(ask(please="yes")) == (200, '{"a":1}')


def test_a_segment_is_decoded_by_itself() -> None:
    """A slash in it is one of its characters; what is no UTF-8 is a problem."""
    assert decoded("a%2Fb") == "a/b"
    with pytest.raises(Problem, match="not UTF-8"):
        decoded("%ff")
