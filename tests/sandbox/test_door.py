"""The rim: requests in, answers and harm out."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.door import BODY_LIMIT, Door
from sandbox.outage import Outage
from sandbox.patience import Patience

if TYPE_CHECKING:
    from tests.sandbox.conftest import Desk, InProcess

CREATE = "/nexus/v3/openmedia/support/interactions"


@pytest.mark.parametrize("text", ["a/b?c#d%e<f>@g h", "ü漢\U0001f600", "ext_x", "stop"])
def test_any_external_id_works(client: "InProcess", text: str) -> None:
    """An external id of whatever characters is created, read, updated and stopped."""
    assert client.ask("POST", CREATE, json={"data": {"externalId": text}}).status_code == 200
    target = CREATE + "/ext_" + "".join(f"%{octet:02X}" for octet in text.encode())
    assert client.ask("GET", target).json()["data"]["externalId"] == text
    assert client.ask("POST", f"{target}/update", json={"data": {}}).status_code == 200
    assert client.ask("POST", f"{target}/stop").status_code == 200


def test_wrong_methods_and_paths(client: "InProcess") -> None:
    """What is none of the seven is refused in the error envelope, and is no call for the audit."""
    wrong = client.ask("DELETE", CREATE)
    assert (wrong.status_code, wrong.headers["allow"], wrong.json()["status"]["code"]) == (405, "POST", 405)
    assert client.ask("GET", f"{CREATE}/a/b").status_code == 404
    assert client.ask("GET", "/sandbox/audit").json() == []


def test_missing_keys(client: "InProcess") -> None:
    """Without the header the answer is 401."""
    client.headers = {"accept": "*/*"}
    assert client.ask("GET", f"{CREATE}/ext_a").status_code == 401


def test_bodies_have_an_end(client: "InProcess") -> None:
    """A body beyond all measure is refused unread."""
    answer = client.ask("POST", CREATE, content=b" " * (BODY_LIMIT + 1))
    assert (answer.status_code, "too large" in answer.json()["status"]["message"]) == (400, True)


def test_answers_without_body_have_no_type(client: "InProcess") -> None:
    """An empty answer says nothing of a content type."""
    client.ask("PUT", "/sandbox/behaviour", json={"envelope": "empty"})
    answer = client.ask("POST", CREATE)
    assert (answer.content, "content-type" in answer.headers, answer.headers["content-length"]) == (
        b"",
        False,
        "0",
    )


@pytest.mark.parametrize("kind", ["reset_before", "reset_after_commit", "truncate"])
def test_cut_calls_raise_in_process(client: "InProcess", kind: str) -> None:
    """A client in the same process, which has no connection to lose, gets the exception."""
    client.ask("PUT", "/sandbox/script", json=[{"kind": kind}])
    with pytest.raises(ConnectionResetError):
        client.ask("POST", CREATE, json={"data": {"externalId": "a"}})
    [entry] = client.ask("GET", "/sandbox/audit").json()
    assert (entry["effect"], entry["answered"], entry["fault"]) == (kind != "reset_before", False, kind)


def test_a_refusal_begins_with_the_call_that_brings_it_about(client: "InProcess") -> None:
    """That one is cut and recorded; those after it leave no trace; when the time is up, all is as before."""
    rule = {"kind": "refuse", "refuse_ms": 60_000, "operation": "create", "times": 1}
    client.ask("PUT", "/sandbox/faults", json=[rule])
    with pytest.raises(ConnectionResetError):
        client.ask("POST", CREATE, json={"data": {"externalId": "a"}})
    with pytest.raises(ConnectionRefusedError):
        client.ask("GET", f"{CREATE}/ext_a")
    [entry] = client.ask("GET", "/sandbox/audit").json()
    assert (entry["fault"], entry["effect"], entry["answered"], entry["request"]) == (
        "refuse",
        False,
        False,
        None,
    )
    client.ask("PUT", "/sandbox/clock", json={"offset_s": 60})
    assert client.ask("GET", f"{CREATE}/ext_a").status_code == 404


@pytest.mark.parametrize("after_commit", [False, True])
def test_latency_delays_and_no_more(client: "InProcess", after_commit: bool) -> None:  # noqa: FBT001  # a column
    """A delayed call is answered as usual, whether the delay comes before or after the effect."""
    client.ask("PUT", "/sandbox/script", json=[{"latency_ms": 1, "after_commit": after_commit}])
    assert client.ask("POST", CREATE).status_code == 200


def test_clients_that_leave_have_not_called(desk: "Desk") -> None:
    """A client that leaves in the middle of its body has no effect and no entry in the audit."""
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(_message: Any) -> None:  # noqa: ANN401  # ASGI's own loose type
        raise AssertionError

    async def inner(_scope: Any, _receive: Any, _send: Any) -> None:  # noqa: ANN401  # ASGI's own loose types
        raise AssertionError

    scope = {"type": "http", "method": "POST", "raw_path": CREATE.encode(), "headers": []}
    outage = Outage(desk.world.clock, Patience())
    asyncio.run(Door(inner, desk.world, Patience(), outage)(scope, receive, send))
    assert list(desk.world.audit) == []


def test_of_racing_creates_one_wins(client: "InProcess") -> None:
    """Of creates sent at the same time with one external id exactly one is answered 200, the others 409."""

    async def race() -> list[int]:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://sandbox", headers=client.headers
        ) as http:
            body = {"data": {"externalId": "a"}}
            answers = await asyncio.gather(*(http.post(CREATE, json=body) for _ in range(20)))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(race()) == [200, *[409] * 19]
