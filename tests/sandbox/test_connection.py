"""Connections really cut, seen from the other end of a socket."""

import http.client
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Live

CREATE = "/nexus/v3/openmedia/support/interactions"


@pytest.mark.parametrize("kind", ["reset_before", "reset_after_commit"])
def test_a_reset_is_a_reset(live: "Live", kind: str) -> None:
    """The client sees its connection reset; whether the interaction exists depends on when."""
    live.ask("PUT", "/sandbox/script", [{"kind": kind, "operation": "create"}])
    with pytest.raises(ConnectionResetError):
        live.ask("POST", CREATE, {"data": {"externalId": kind}})
    expected = 200 if kind == "reset_after_commit" else 404
    assert live.ask("GET", f"{CREATE}/ext_{kind}")[0] == expected


def test_a_truncated_answer_ends_early(live: "Live") -> None:
    """The client gets a status and half a body, then the end of the connection."""
    live.ask("PUT", "/sandbox/script", [{"kind": "truncate"}])
    with pytest.raises(http.client.IncompleteRead) as cut:
        live.ask("POST", CREATE, {"data": {"externalId": "truncate"}})
    assert cut.value.partial
    assert cut.value.expected
    assert live.ask("GET", f"{CREATE}/ext_truncate")[0] == 200


def test_a_client_may_leave_a_hanging_call(live: "Live") -> None:
    """A call that hangs is given up by its client, and the sandbox goes on."""
    live.ask("PUT", "/sandbox/script", [{"kind": "hang", "after_commit": True}])
    connection = live.connect()
    connection.request("POST", CREATE, '{"data": {"externalId": "hang"}}', {"x-api-key": "KEY"})
    while not live.read("/sandbox/audit?externalId=hang"):
        pass
    connection.close()
    assert live.ask("GET", f"{CREATE}/ext_hang")[0] == 200
