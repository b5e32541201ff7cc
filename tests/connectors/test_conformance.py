"""What every connector promises, proved for each one in the registry by the files in its fixture folder.

A folder holds `channel.json` (the channel's settings and secrets), deliveries, and beside each delivery what
it means: `<name>.expected.json` with `commands`, `ignored` or `unreadable`.
"""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connectors.base import Delivery, Envelope, Handshake, Ignored, Refused, UnreadableDelivery
from connectors.headers import Headers
from connectors.registry import BUILDERS
from worker.commands import Command

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(
    path
    for kind in BUILDERS
    for path in (FIXTURES / kind).iterdir()
    if path.name != "channel.json" and not path.name.endswith(".expected.json")
)
COMMANDS = TypeAdapter(list[Command])


def named(path: Path) -> str:
    """Return a fixture's name for reports."""
    return f"{path.parent.name}-{path.stem}"


def meaning(settled: "Settled", delivery: Delivery) -> dict[str, Any]:
    """Return what a delivery means, as it stands in an expected file."""
    try:
        understood = settled.connector.translate(settled.connector.verify(delivery))
    except UnreadableDelivery as error:
        return {"unreadable": str(error)}
    if isinstance(understood, Ignored):
        return {"ignored": understood.reason}
    if isinstance(understood, Handshake):
        return {"handshake": understood.reply.body.decode()}
    return {"commands": COMMANDS.dump_python(list(understood), mode="json")}


@pytest.fixture(params=sorted(BUILDERS))
def settled(request: pytest.FixtureRequest, make_settled: Callable[[str], "Settled"]) -> "Settled":
    """Each registered connector in turn."""
    return make_settled(request.param)


@pytest.mark.parametrize("path", CASES, ids=named)
def test_fixtures_mean_what_stands_beside_them(path: Path, make_settled: Callable[[str], "Settled"]) -> None:
    """Every delivery of the fixtures is understood as its expected file says."""
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    settled = make_settled(path.parent.name)
    assert meaning(settled, settled.delivery(path.read_bytes())) == expected


def test_every_connector_has_fixtures_of_each_kind(settled: "Settled") -> None:
    """A registered connector comes with deliveries that are understood."""
    folder = FIXTURES / settled.connector.name
    kinds = {key for path in folder.glob("*.expected.json") for key in json.loads(path.read_text("utf-8"))}
    assert "commands" in kinds


@pytest.mark.parametrize("path", CASES, ids=named)
def test_the_same_bytes_mean_the_same(path: Path, make_settled: Callable[[str], "Settled"]) -> None:
    """Translating twice, and with a connector built anew, gives equal commands."""
    body = path.read_bytes()
    first, second = make_settled(path.parent.name), make_settled(path.parent.name)
    assert meaning(first, first.delivery(body)) == meaning(second, second.delivery(body))


def test_keys_are_the_channels_own(settled: "Settled") -> None:
    """Idempotency keys begin with the channel, and no two deliveries share one."""
    keys = []
    for path in CASES:
        if path.parent.name == settled.connector.name:
            found = meaning(settled, settled.delivery(path.read_bytes())).get("commands", [])
            keys += [command["idempotency_key"] for command in found]
    assert len(keys) == len(set(keys)) > 0
    assert all(key.startswith(f"{settled.connector.channel}:") for key in keys)


def test_one_flipped_bit_is_refused(settled: "Settled") -> None:
    """Whatever proves a delivery, changing one bit of what is proved makes it Refused."""
    genuine = settled.delivery(b'{"event": "ticket.viewed"}')
    settled.connector.verify(genuine)
    if genuine.envelope:
        address = genuine.envelope.rcpt_tos[0]
        flipped = [
            replace(
                genuine,
                envelope=Envelope("", (address[:at] + chr(ord(address[at]) ^ 1) + address[at + 1 :],)),
            )
            for at in range(len(address))
        ]
    else:
        body = genuine.body
        flipped = [
            replace(genuine, body=body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])
            for at in range(len(body))
        ]
    for delivery in flipped:
        with pytest.raises(Refused):
            settled.connector.verify(delivery)


def test_an_unproved_delivery_is_refused(settled: "Settled") -> None:
    """A delivery without any proof is Refused, and the sender is not told what was missing."""
    bare = replace(settled.delivery(b"{}"), headers=Headers(), envelope=None)
    with pytest.raises(Refused) as refused:
        settled.connector.verify(bare)
    assert refused.value.told
    assert str(refused.value) != refused.value.told


def test_old_and_new_secrets_pass(settled: "Settled") -> None:
    """While a secret is rotated, both pass, and the evidence says which one it was."""
    for index in range(len(settled.secrets)):
        verified = settled.connector.verify(settled.delivery(b"{}", secret=index))
        assert verified.secret == index
        assert verified.method


def test_no_socket_is_opened(settled: "Settled", monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying and translating need no network."""
    monkeypatch.setattr(socket, "socket", None)
    for path in CASES:
        if path.parent.name == settled.connector.name:
            meaning(settled, settled.delivery(path.read_bytes()))


def test_unknown_extras_change_nothing(settled: "Settled") -> None:
    """A field or header that the channel does not know does not change the commands."""
    for path in CASES:
        body = path.read_bytes()
        if path.parent.name != settled.connector.name or b"{" not in body[:1] + b"{" * (
            path.suffix == ".eml"
        ):
            continue
        extra = (
            b"X-Unknown: 1\n" + body if path.suffix == ".eml" else b'{"unknown": 1, ' + body.lstrip(b" {\n")
        )
        one, other = (meaning(settled, settled.delivery(each)) for each in (body, extra))
        if b"essage-ID" in body or path.suffix == ".json":
            assert one == other


BYTES = st.one_of(
    st.binary(max_size=400),
    st.sampled_from([path.read_bytes() for path in CASES]).flatmap(
        lambda body: st.builds(
            lambda at, cut, inserted: body[:at] + inserted + body[at + cut :],
            st.integers(0, len(body)),
            st.integers(0, 60),
            st.binary(max_size=40),
        )
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BYTES)
def test_arbitrary_bytes_are_understood_or_unreadable(settled: "Settled", body: bytes) -> None:
    """Whatever a genuine sender sends, the result is commands, Ignored or UnreadableDelivery."""
    found = meaning(settled, settled.delivery(body))
    assert set(found) & {"commands", "ignored", "unreadable"}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BYTES, proof=st.text(max_size=80))
def test_arbitrary_proofs_are_refused(settled: "Settled", body: bytes, proof: str) -> None:
    """Whatever a stranger makes up as a proof is Refused."""
    genuine = settled.delivery(body)
    forged = replace(
        genuine,
        headers=Headers([(name, proof) for name in genuine.headers]),
        envelope=Envelope(proof, (proof,)) if genuine.envelope else None,
    )
    with pytest.raises(Refused):
        settled.connector.verify(forged)
