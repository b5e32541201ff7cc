"""The levers."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import InProcess

CREATE = "/nexus/v3/openmedia/support/interactions"


def test_behaviour_changes_while_it_runs(client: "InProcess") -> None:
    """A behaviour put in force shows in the next answer; fields left out fall back."""
    assert client.ask("PUT", "/sandbox/behaviour", json={"envelope": "bare"}).json()["envelope"] == "bare"
    assert "id" in client.ask("POST", CREATE).json()
    assert client.ask("PUT", "/sandbox/behaviour", json={"quota": 9}).json()["envelope"] == "status"
    assert client.ask("GET", "/sandbox/behaviour").json()["quota"] == 9


def test_faults_come_and_go(client: "InProcess") -> None:
    """Rules are put, read back with what is left of them, and deleted."""
    rule = {"kind": "status", "status": 502, "times": 1}
    assert client.ask("PUT", "/sandbox/faults", json=[rule]).json()[0]["status"] == 502
    assert [client.ask("POST", CREATE).status_code for _ in range(2)] == [502, 200]
    assert client.ask("GET", "/sandbox/faults").json()[0]["times"] == 0
    assert client.ask("DELETE", "/sandbox/faults").json() == client.ask("GET", "/sandbox/faults").json() == []


def test_a_script_is_played_once(client: "InProcess") -> None:
    """The steps of a script strike one call each, in order, then nothing does."""
    script = [{"kind": "status", "status": 500}, {}, {"kind": "overload", "times": 0}]
    client.ask("PUT", "/sandbox/script", json=script)
    assert [client.ask("POST", CREATE).status_code for _ in range(4)] == [500, 200, 429, 200]
    client.ask("PUT", "/sandbox/script", json=script)
    assert len(client.ask("GET", "/sandbox/script").json()) == 3
    assert client.ask("DELETE", "/sandbox/script").json() == client.ask("GET", "/sandbox/script").json() == []


def test_an_outage_is_begun(client: "InProcess") -> None:
    """From the answer on, calls are refused for as long as was asked for."""
    assert client.ask("POST", "/sandbox/outage", json={"for_s": 5}).json() == {"for_s": 5.0}
    with pytest.raises(ConnectionRefusedError):
        client.ask("POST", CREATE)
    client.ask("PUT", "/sandbox/clock", json={"offset_s": 5})
    assert client.ask("POST", CREATE).status_code == 200
    assert client.ask("POST", "/sandbox/outage", json={"for_s": 0}).status_code == 422


def test_the_clock_is_turned(client: "InProcess") -> None:
    """Turning the clock moves the times that interactions get."""
    assert client.ask("PUT", "/sandbox/clock", json={"offset_s": 60}).json() == {
        "offset_s": 60.0,
        "now": "2026-01-31T09:31:00.000000Z",
    }
    assert client.ask("POST", CREATE).json()["data"]["receivedAt"] == "2026-01-31T09:31:00Z"
    assert client.ask("GET", "/sandbox/clock").json()["offset_s"] == 60


def test_the_audit_is_filtered(client: "InProcess") -> None:
    """The audit can be read by service, external id, time and page."""
    for external_id in ("a", "b", "c"):
        client.ask("POST", CREATE, json={"data": {"externalId": external_id}})
    found = {
        query: [entry["seq"] for entry in client.ask("GET", f"/sandbox/audit?{query}").json()]
        for query in (
            "",
            "service=support&externalId=b",
            "service=sales",
            "since=2026-01-31T09:30:00Z",
            "since=2026-01-31T09:30:01%2B00:00",
            "after=1&limit=1",
        )
    }
    assert list(found.values()) == [[1, 2, 3], [2], [], [1, 2, 3], [], [2]]


def test_interactions_are_listed_and_finished(client: "InProcess") -> None:
    """Live and ended interactions are listed; an agent's finish ends one, once."""
    held = client.ask("POST", CREATE, json={"data": {"externalId": "a"}}).json()["data"]["id"]
    client.ask("POST", CREATE, json={"data": {"externalId": "b"}})
    assert client.ask("POST", f"/sandbox/interactions/{held}/finish").json()["endedBy"] == "agent"
    assert client.ask("POST", f"/sandbox/interactions/{held}/finish").status_code == 404
    assert client.ask("GET", f"{CREATE}/ext_a").status_code == 404
    listed = client.ask("GET", "/sandbox/interactions").json()
    assert [(one["externalId"], one["state"]) for one in listed] == [("b", "active"), ("a", "stopped")]
    assert len(client.ask("GET", "/sandbox/interactions?externalId=a").json()) == 1
    assert client.ask("GET", "/sandbox/interactions?service=sales").json() == []


def test_it_says_that_it_is_up(client: "InProcess") -> None:
    """A sandbox that is up says so."""
    assert client.ask("GET", "/sandbox/health").json() == {"status": "ok"}


@pytest.mark.parametrize("content", [b"{", b"[NaN]", b'["\\ud800"]', b'[{"\\ud800": 1}]', b"[[1e999]]"])
def test_odd_input_is_refused(client: "InProcess", content: bytes) -> None:
    """Input that makes no sense, text and numbers that JSON cannot carry included, is a 422."""
    answer = client.ask(
        "PUT", "/sandbox/faults", content=content, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, bool(answer.json()["detail"])) == (422, True)


def test_odd_text_can_be_read_back(client: "InProcess") -> None:
    """A body in a rule may hold anything that can be said in JSON's escapes."""
    client.ask(
        "PUT",
        "/sandbox/faults",
        content=b'[{"kind": "status", "body": {"k": "\\ud83d\\ude00"}}]',
        headers={"content-type": "application/json"},
    )
    assert client.ask("GET", "/sandbox/faults").json()[0]["body"] == {"k": "\U0001f600"}
