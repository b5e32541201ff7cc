"""What every connector promises, proved for each kind in the registry by the files in its fixture folder.

A folder holds `channel.json` (a channel's settings and secrets), deliveries (`*.http`, requests as they go
over the wire but without their proof, or `*.eml`), and beside each what it means: `<name>.expected.json` with
`commands`, `ignored`, `handshake` or `unreadable`. Kinds of other packages are found by their entry points;
they say where their folder is.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connectors.base import (
    Delivery,
    Envelope,
    EvidenceNeeded,
    Handshake,
    Ignored,
    Refused,
    Threaded,
    UnreadableDelivery,
    Verified,
)
from connectors.headers import Headers
from connectors.registry import kind, kinds
from worker.commands import Command

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

HERE = Path(__file__).parent / "fixtures"
FOLDERS = {name: kind(name).fixtures or HERE / name for name in kinds()}
if strays := [name for name, folder in FOLDERS.items() if not folder.is_dir()]:
    raise pytest.UsageError(f"{', '.join(strays)}: no fixtures; say with Kind.fixtures where they are")
CASES = [
    pytest.param(name, path, id=f"{name}-{path.stem}")
    for name, folder in FOLDERS.items()
    for path in sorted(folder.iterdir())
    if path.suffix in {".http", ".eml"}
]
COMMANDS = TypeAdapter(list[Command])

#: Schemes whose proof stands in the body, so that other headers change nothing.
IN_THE_BODY = frozenset({"amazon-sns", "mailgun"})
#: Schemes whose proof is a password beside the body: they prove who sent it, and not what.
BESIDE_THE_BODY = frozenset({"basic", "bearer", "client-certificate", "none", "telegram", "token"})

#: How many bodies all connectors together are tried with: `BRIDGE_FUZZ_BODIES=20000` in the nightly run.
BODIES = int(os.environ.get("BRIDGE_FUZZ_BODIES", "3000"))
fuzz = settings(
    max_examples=-(-BODIES // len(FOLDERS)),
    deadline=None,
    derandomize="BRIDGE_FUZZ_BODIES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Make = Callable[[str], "Settled"]


def translated(settled: "Settled", verified: Verified) -> dict[str, Any]:
    """Return what a verified delivery means, as it stands in an expected file."""
    try:
        understood = settled.connector.translate(verified)
    except UnreadableDelivery as error:
        return {"unreadable": str(error)}
    if isinstance(understood, Ignored):
        return {"ignored": understood.reason}
    if isinstance(understood, Handshake):
        return {"handshake": understood.reply.body.decode()}
    if isinstance(understood, Threaded):
        understood = understood.foreseen
    return {"commands": written_out(list(understood))}


def written_out(commands: list[Command]) -> list[dict[str, Any]]:
    """Return commands as JSON has them, with every field."""
    found: list[dict[str, Any]] = COMMANDS.dump_python(commands, mode="json")
    return found


def meaning(settled: "Settled", delivery: Delivery) -> dict[str, Any]:
    """Return what a delivery means once it is proved."""
    return translated(settled, settled.connector.verify(delivery))


def deliveries(name: str) -> Iterator[Path]:
    """Yield the fixtures of a kind."""
    yield from (path for path in sorted(FOLDERS[name].iterdir()) if path.suffix in {".http", ".eml"})


@pytest.fixture(params=sorted(FOLDERS))
def settled(request: pytest.FixtureRequest, make_settled: Make) -> "Settled":
    """Each registered kind in turn."""
    return make_settled(request.param)


@pytest.fixture
def bare(settled: "Settled") -> Delivery:
    """A delivery of that kind that asks for something, without its proof."""
    for path in deliveries(settled.connector.name):
        delivery = settled.unproved(path.read_bytes())
        if "commands" in translated(settled, Verified(delivery, "not at all")):
            return delivery
    pytest.fail(f"{FOLDERS[settled.connector.name]} has no delivery that asks for anything")


@pytest.fixture
def genuine(settled: "Settled", bare: Delivery) -> Delivery:
    """The same with its proof."""
    return settled.proved(bare)


@pytest.mark.parametrize(("name", "path"), CASES)
def test_fixtures_mean_what_stands_beside_them(name: str, path: Path, make_settled: Make) -> None:
    """Every delivery of the fixtures is understood as its expected file says."""
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    if "commands" in expected:
        # What a command says by default need not be written down.
        expected = {"commands": written_out(COMMANDS.validate_python(expected["commands"]))}
    settled = make_settled(name)
    assert meaning(settled, settled.request(path.read_bytes())) == expected


def test_a_connector_bears_its_registered_name(settled: "Settled", request: pytest.FixtureRequest) -> None:
    """The name of a connector is the one under which it stands in the registry."""
    assert settled.connector.name == request.node.callspec.params["settled"]
    assert settled.connector.hosts


def test_no_expectation_stands_alone(settled: "Settled") -> None:
    """Beside each expected file there is its delivery."""
    folder = FOLDERS[settled.connector.name]
    expected = {path.name.removesuffix(".expected.json") for path in folder.glob("*.expected.json")}
    assert expected == {path.stem for path in deliveries(settled.connector.name)}


@pytest.mark.parametrize(("name", "path"), CASES)
def test_the_same_bytes_mean_the_same(name: str, path: Path, make_settled: Make) -> None:
    """Translating twice, and with a connector built anew, gives equal commands."""
    content = path.read_bytes()
    first, second = make_settled(name), make_settled(name)
    assert meaning(first, first.request(content)) == meaning(second, second.request(content))


def test_keys_are_the_channels_own(settled: "Settled") -> None:
    """Idempotency keys begin with the channel, and no two events share one."""
    keys = []
    for path in deliveries(settled.connector.name):
        found = meaning(settled, settled.request(path.read_bytes())).get("commands", [])
        keys += [command["idempotency_key"] for command in found]
    assert len(keys) == len(set(keys)) > 0
    assert all(key.startswith(f"{settled.connector.channel}:") for key in keys)


def test_one_flipped_bit_is_refused(settled: "Settled", bare: Delivery, genuine: Delivery) -> None:
    """Whatever proves a delivery, changing one bit of what is proved makes it Refused."""
    scheme = scheme_of(settled)
    if genuine.envelope:
        changed = flipped_addresses(genuine, genuine.envelope.rcpt_tos[0])
    elif scheme in BESIDE_THE_BODY:
        changed = flipped_headers(genuine, set(genuine.headers.pairs) - set(bare.headers.pairs))
    elif scheme == "mailgun":
        # It signs a time and a token, and nothing else of the body.
        changed = flipped_bodies(genuine, after=len(bare.body) + len("&timestamp="))
    else:
        changed = flipped_bodies(genuine)
    for delivery in changed:
        # Whoever needs a document from a changed address does not get it, and is refused then.
        with pytest.raises((Refused, EvidenceNeeded)):
            settled.connector.verify(delivery)


def scheme_of(settled: "Settled") -> str:
    """Return the name of the scheme that proves a channel's deliveries."""
    written = settled.verify if isinstance(settled.verify, str) else settled.verify["scheme"]
    return str(written)


def flipped_addresses(genuine: Delivery, address: str) -> Iterator[Delivery]:
    """Yield a mail with one bit of its recipient changed, at each place."""
    for at in range(len(address)):
        other = address[:at] + chr(ord(address[at]) ^ 1) + address[at + 1 :]
        yield replace(genuine, envelope=Envelope("", (other,)))


def flipped_bodies(genuine: Delivery, *, after: int = 0) -> Iterator[Delivery]:
    """Yield a delivery with one bit of its body changed, at each place after some that are not proved."""
    body = genuine.body
    for at in range(after, len(body)):
        yield replace(genuine, body=body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])


def flipped_headers(genuine: Delivery, proof: set[tuple[str, str]]) -> Iterator[Delivery]:
    """Yield a delivery with one bit of what proves it changed, at each place."""
    for name, value in proof:
        for at in range(len(value)):
            other = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            pairs = [pair for pair in genuine.headers.pairs if pair != (name, value)]
            yield replace(genuine, headers=Headers([*pairs, (name, other)]))


def test_an_unproved_delivery_is_refused(settled: "Settled", bare: Delivery) -> None:
    """A delivery without any proof is Refused, and the sender is not told what was missing."""
    with pytest.raises(Refused) as refused:
        settled.connector.verify(replace(bare, headers=Headers(), envelope=None))
    assert refused.value.told
    assert str(refused.value) != refused.value.told


def test_old_and_new_secrets_pass(settled: "Settled", bare: Delivery) -> None:
    """While a secret is rotated, both pass, and the evidence says which one it was."""
    for index in range(len(settled.secrets)):
        verified = settled.connector.verify(settled.proved(bare, index))
        assert verified.secret == index
        assert verified.method


def test_no_socket_is_opened(settled: "Settled", monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying and translating need no network."""
    monkeypatch.setattr(socket, "socket", None)
    for path in deliveries(settled.connector.name):
        meaning(settled, settled.request(path.read_bytes()))


def test_unknown_extras_change_nothing(settled: "Settled") -> None:
    """A field or header that the channel does not know does not change what a delivery means."""
    for path in deliveries(settled.connector.name):
        content = path.read_bytes()
        expected = meaning(settled, settled.request(content))
        if "unreadable" in expected or "sha256-" in str(expected):
            continue
        for extra in with_extras(path.suffix, content):
            assert meaning(settled, settled.request(extra)) == expected, path.name


def with_extras(suffix: str, content: bytes) -> Iterator[bytes]:
    """Yield a delivery with an unknown header, and one with an unknown field."""
    if suffix == ".eml":
        yield b"X-Unknown: 1\n" + content
        return
    line, _, rest = content.partition(b"\n")
    yield line + b"\nX-Unknown: 1\n" + rest
    head, _, body = content.partition(b"\n\n")
    if body.startswith(b"{"):
        yield head + b'\n\n{"unknown": 1, ' + body[1:].lstrip()
    elif b"x-www-form-urlencoded" in head:
        yield head + b"\n\n" + body + b"&unknown=1"


def mutations(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a delivery with something put into it, or in the place of something."""
    return st.builds(
        lambda at, cut, inserted: content[:at] + inserted + content[at + cut :],
        st.integers(0, len(content)),
        st.integers(0, 60),
        st.binary(max_size=40)
        | st.sampled_from([b"null", b"[]", b"{}", b'""', b"-1", b"1e308", b"true", b'"'] * 2),
    )


def exchanged(content: bytes) -> st.SearchStrategy[bytes]:
    """Return JSON in which one value was exchanged for any other; what is no JSON stays as it is."""
    try:
        document = json.loads(content)
    except ValueError:
        return st.just(content)
    places = list(places_in(document))
    return st.builds(
        lambda place, value: json.dumps(put(document, place, value)).encode(),
        st.sampled_from(places),
        ANY_JSON,
    )


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
Place = tuple[str | int, ...]


def places_in(value: Any, place: Place = ()) -> Iterator[Place]:  # noqa: ANN401 - any JSON
    """Yield the path of each value of a document, the document's own first."""
    yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_in(inner, (*place, key))


def put(value: Any, place: Place, new: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a document with another value at a place."""
    if not place:
        return new
    if isinstance(value, dict):
        return {key: put(inner, place[1:], new) if key == place[0] else inner for key, inner in value.items()}
    return [put(inner, place[1:], new) if at == place[0] else inner for at, inner in enumerate(value)]


@pytest.mark.parametrize("name", sorted(FOLDERS))
@fuzz
@given(data=st.data())
def test_arbitrary_bytes_are_understood_or_unreadable(
    name: str, make_settled: Make, data: st.DataObject
) -> None:
    """Whatever a genuine sender sends, the result is commands, Ignored, a handshake or UnreadableDelivery."""
    settled = channel_of(name, make_settled)
    content = data.draw(st.sampled_from(CONTENTS[name]))
    genuine = settled.request(content)
    body = data.draw(st.binary(max_size=400) | mutations(genuine.body) | exchanged(genuine.body))
    verified = Verified(replace(genuine, body=body), "fuzz")
    found = translated(settled, verified)
    assert set(found) & {"commands", "ignored", "handshake", "unreadable"}
    for command in found.get("commands", ()):
        assert command["idempotency_key"].startswith(f"{settled.connector.channel}:")


CONTENTS = {name: [path.read_bytes() for path in deliveries(name)] for name in FOLDERS}
_CHANNELS: dict[str, "Settled"] = {}


def channel_of(name: str, make_settled: Make) -> "Settled":
    """Return the channel of a kind; it has no memory, so one serves all examples."""
    if name not in _CHANNELS:
        _CHANNELS[name] = make_settled(name)
    return _CHANNELS[name]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(max_size=80))
def test_arbitrary_proofs_are_refused(
    settled: "Settled", bare: Delivery, genuine: Delivery, content: str
) -> None:
    """Whatever a stranger makes up as a proof is Refused."""
    forged = replace(
        bare if scheme_of(settled) in IN_THE_BODY else genuine,
        headers=Headers([(name, content) for name in genuine.headers]),
        envelope=Envelope(content, (content,)) if genuine.envelope else None,
    )
    with pytest.raises(Refused):
        settled.connector.verify(forged)
