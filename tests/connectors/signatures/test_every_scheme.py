"""What every scheme promises, proved for each line of the table."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Delivery, EvidenceNeeded, Refused
from connectors.headers import Headers
from connectors.signatures.registry import SCHEMES, build_scheme, check_secrets
from connectors.signatures.scheme import TOLD, Scheme
from tests.connectors.signing import ED25519_SECRETS, SENDGRID_SECRETS, SNS_EVIDENCE, sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://bridge.example.com/channels/c?a=1"
SECRETS = {
    "basic": ("user:new", "user:old"),
    "sendgrid": SENDGRID_SECRETS,
    "standard-webhooks": ("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy0=", ED25519_SECRETS[0]),
}
#: What a channel has to say besides the scheme's name.
OPTIONS: Mapping[str, dict[str, Any]] = {
    "amazon-sns": {"topic_arns": ["*"]},
    "client-certificate": {"proxies": ["10.0.0.1"], "subjects": ["CN=a"], "holds": "subject"},
    "hmac": {"timestamp_header": "X-Time", "signed": "{timestamp}.{body}"},
    "token": {"header": "X-Token"},
}
#: Schemes that prove who sends, and not the bytes.
SENDERS = {"basic", "bearer", "client-certificate", "mailgun", "none", "telegram", "token"}


@dataclass(frozen=True)
class Case:
    """A scheme, and what its genuine sender hands over."""

    scheme: Scheme
    verify: dict[str, Any]
    secrets: tuple[str, ...]

    def signed(self, secret: int = 0) -> Delivery:
        """Return a genuine delivery."""
        body = b'{"Type": "Notification", "Message": "Hi"}'
        unsigned = Delivery("c", Headers(), body, NOW, url=URL, peer="10.0.0.1")
        if self.scheme.name == "client-certificate":
            return replace(unsigned, headers=Headers([("Client-Cert", "CN=a")]))
        return sign(self.verify, unsigned, self.secrets[secret] if self.secrets else "")

    def prove(self, delivery: Delivery, secrets: tuple[str, ...] | None = None) -> int | None:
        """Prove with the case's secrets, or others."""
        return self.scheme.prove(delivery, self.secrets if secrets is None else secrets, SNS_EVIDENCE)


def case(name: str) -> Case:
    """Return the case of a scheme."""
    verify = {"scheme": name, **OPTIONS.get(name, {})}
    scheme = build_scheme(verify, "p")
    secrets = SECRETS.get(name, ("new-secret", "old-secret")) if scheme.needs_secrets else ()
    check_secrets(scheme, secrets, "p")
    return Case(scheme, verify, secrets)


CASES = {name: case(name) for name in SCHEMES}
every = pytest.mark.parametrize("found", CASES.values(), ids=CASES)
every_proof = pytest.mark.parametrize(
    "found", [found for name, found in CASES.items() if name != "none"], ids=lambda found: found.scheme.name
)
every_secret = pytest.mark.parametrize(
    "found", [found for found in CASES.values() if found.secrets], ids=lambda found: found.scheme.name
)
every_signature = pytest.mark.parametrize(
    "found",
    [found for name, found in CASES.items() if name not in SENDERS],
    ids=lambda found: found.scheme.name,
)
every_time = pytest.mark.parametrize(
    "found",
    [found for found in CASES.values() if "tolerance_s" in type(found.scheme).model_fields],
    ids=lambda found: found.scheme.name,
)


@every_secret
def test_new_and_old_secrets_pass(found: Case) -> None:
    """While a secret is exchanged both are taken, and the evidence says which it was."""
    for index in range(len(found.secrets)):
        assert found.prove(found.signed(index)) == index
        assert found.prove(found.signed(index), (found.secrets[index],)) == 0
    assert found.prove(found.signed(1), found.secrets[::-1]) == 0


@every_secret
def test_another_secret_is_refused(found: Case) -> None:
    """What the one secret signed does not pass with the other, nor without any."""
    for secrets in (found.secrets[1:], ()):
        with pytest.raises(Refused) as refusal:
            found.prove(found.signed(0), secrets)
        assert refusal.value.told == TOLD


@every_signature
def test_a_flipped_byte_is_refused(found: Case) -> None:
    """Every byte of the body counts."""
    genuine = found.signed()
    for position in range(len(genuine.body)):
        flipped = bytearray(genuine.body)
        flipped[position] ^= 1
        with pytest.raises((Refused, EvidenceNeeded)):
            found.prove(replace(genuine, body=bytes(flipped)))


@every_proof
def test_every_header_of_the_proof_is_needed_once(found: Case) -> None:
    """Without it, twice, absurdly long, or with a character outside of ASCII it is Refused."""
    genuine = found.signed()
    for index, (name, value) in enumerate(genuine.headers.pairs):
        rest = [pair for at, pair in enumerate(genuine.headers.pairs) if at != index]
        for changed in ([], [value, value], [value + " " + "x" * 20_000], [value + "é"], [""], ["\ud800"]):
            headers = Headers([*rest, *((name, each) for each in changed)])
            with pytest.raises(Refused):
                found.prove(replace(genuine, headers=headers))


@every_time
@pytest.mark.parametrize("side", [-1, 1])
def test_old_and_future_deliveries_are_refused(found: Case, side: int) -> None:
    """One second more than the tolerance is too much, either way; the tolerance itself is not."""
    tolerance_s: int = found.scheme.model_dump()["tolerance_s"]
    genuine = found.signed()
    edge = replace(genuine, arrived_at=NOW + side * timedelta(seconds=tolerance_s))
    found.prove(edge)
    with pytest.raises(Refused, match=f"signed {tolerance_s + 1} s"):
        found.prove(replace(genuine, arrived_at=NOW + side * timedelta(seconds=tolerance_s + 1)))


@every
def test_a_genuine_delivery_passes(found: Case) -> None:
    """Also with other headers, and with those of the proof in capitals."""
    genuine = found.signed()
    pairs = [("X-Other", "\xff"), *((name.upper(), value) for name, value in genuine.headers.pairs)]
    assert found.prove(replace(genuine, headers=Headers(pairs))) == (0 if found.secrets else None)


NAMES = sorted({name for found in CASES.values() for name in found.signed().headers})
TEXT = st.text(max_size=40) | st.from_regex(r"[ -~]{0,40}", fullmatch=True)
STARTS = ["", "Basic ", "Bearer ", "sha256=", "v0=", "v1,", "t=1,v1=", "CN=", "1795435200", "sha1="]
VALUES = st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), TEXT)
PAIRS = st.lists(st.tuples(st.sampled_from([*NAMES, "content-type", "x"]) | TEXT, VALUES), max_size=6)
KINDS = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
)
BODIES = st.binary(max_size=200) | st.sampled_from(
    [
        b'{"signature": {"timestamp": "1", "token": "t", "signature": "00"}}',
        b'{"signature": {"timestamp": [], "token": {}, "signature": null}}',
        b"timestamp=1&token=%ff&signature=00",
        b'{"Type": "Notification", "SigningCertURL": 7}',
        b"[" * 5000,
        b'{"a": "\\ud800"}',
        b"--b\r\n\r\nx",
    ]
)
URLS = TEXT | st.builds(lambda rest: "https://bridge.example.com/c?" + rest, TEXT)


NONSENSE = st.builds(
    lambda pairs, kind, peer, **rest: Delivery(
        "c", Headers([*pairs, ("Content-Type", kind)]), arrived_at=NOW, peer=peer, via=peer, **rest
    ),
    pairs=PAIRS,
    kind=KINDS,
    peer=TEXT,
    body=BODIES,
    url=URLS,
    method=st.sampled_from(["POST", "GET", "\ud800"]),
)


@every
@settings(max_examples=60)
@given(delivery=NONSENSE)
def test_nothing_but_refusals_comes_of_nonsense(found: Case, delivery: Delivery) -> None:
    """Whatever arrives, it is proved or Refused; no other error leaves a scheme."""
    try:
        found.prove(delivery)
    except (Refused, EvidenceNeeded):
        return
    assert found.scheme.name == "none"


@every_proof
@settings(max_examples=60)
@given(data=st.data())
def test_a_genuine_delivery_with_one_odd_part_breaks_nothing(found: Case, data: st.DataObject) -> None:
    """One header, the body or the URL is replaced: it is proved or Refused."""
    genuine = found.signed()
    pairs = list(genuine.headers.pairs)
    if pairs:
        index = data.draw(st.integers(0, len(pairs) - 1))
        pairs[index] = (pairs[index][0], data.draw(VALUES | st.just(pairs[index][1])))
    delivery = replace(
        genuine,
        headers=Headers(pairs),
        body=data.draw(BODIES | st.just(genuine.body)),
        url=data.draw(URLS | st.just(genuine.url)),
    )
    with suppress(Refused, EvidenceNeeded):
        found.prove(delivery)
