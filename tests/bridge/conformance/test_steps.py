"""Steps on the wire."""

import json

from bridge.conformance.steps import Mark, Step, body, create, get, path, stop, update

MARK = Mark("bridge_conform", "r1")


def test_a_create_is_marked() -> None:
    """It bears the run in its external id and in its user data, beside what the probe asks for."""
    said = json.loads(body(create(userData={"k": "v"}), MARK, "after_stop") or b"")
    assert said == {
        "data": {
            "externalId": "conform-r1-after-stop-a",
            "userData": {"k": "v", "bridge_conform": "r1"},
        }
    }


def test_one_without_an_external_id_is_marked_all_the_same() -> None:
    """The mark in the user data is all there is."""
    assert json.loads(body(create(""), MARK, "q") or b"") == {"data": {"userData": {"bridge_conform": "r1"}}}


def test_user_data_is_padded_to_the_byte() -> None:
    """Counted as compact JSON, the mark included."""
    said = json.loads(body(Step(operation="create", user_data_bytes=1000), MARK, "q") or b"")
    assert len(json.dumps(said["data"]["userData"], separators=(",", ":"))) == 1000


def test_other_bodies() -> None:
    """A GET has none, a raw body stays as it is, the rest is wrapped in data."""
    assert body(get(), MARK, "q") is None
    assert body(Step(operation="update", raw=b"{"), MARK, "q") == b"{"
    assert json.loads(body(update(deletedProperties=["k"]), MARK, "q") or b"") == {
        "data": {"deletedProperties": ["k"]}
    }
    assert b"conformance run" in (body(stop(), MARK, "q") or b"")


def test_paths() -> None:
    """The endpoints of the reference; what a name holds cannot leave its segment."""
    assert path("support", "create") == "/openmedia/support/interactions"
    assert path("a/b", "get", "ext_c") == "/openmedia/a%2Fb/interactions/ext_c"
    assert path("support", "stop", "ID") == "/openmedia/support/interactions/ID/stop"


def test_an_external_id_fits() -> None:
    """The longest one stays below the 64 characters of the contract."""
    assert len(Mark("p", "x" * 10).external_id("create_without_external_id", "16001")) <= 64
