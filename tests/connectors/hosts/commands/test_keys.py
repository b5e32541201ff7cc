"""A request belongs to the client whose key it presents, and to nobody otherwise."""

import hmac
from collections.abc import Callable, Sequence

import pytest
import structlog

from connectors.hosts.commands.keys import Client, check, recognise
from connectors.hosts.commands.problems import UNAUTHORIZED, Problem
from worker.errors import SecretMissing, SettingsError

OLD, NEW, OTHER = "old-0123456789abcdef", "new-0123456789abcdef", "other-0123456789abcd"


def client(name: str, *keys: str) -> Client:
    """Return a client with these keys."""
    return Client(name, frozenset({"support"}), lambda: keys)


SHOP, DESK = client("shop", OLD, NEW), client("desk", OTHER)


@pytest.mark.parametrize(("key", "owner"), [(OLD, SHOP), (NEW, SHOP), (OTHER, DESK)])
@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", " BEARER   {} "])
def test_each_key_leads_to_its_client(key: str, owner: Client, form: str) -> None:
    """Old and new key fit at the same time; the scheme's letter case does not matter (RFC 9110)."""
    assert recognise([SHOP, DESK], [form.format(key)]) is owner
    assert owner.channel == f"api.{owner.name}"


@pytest.mark.parametrize(
    "presented",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        [f"Basic {OLD}"],
        [OLD],
        [f"Bearer {OLD[:-1]}"],
        [f"Bearer {OLD}x"],
        [f"Bearer {OLD} {NEW}"],
        [f"Bearer {OLD}", f"Bearer {OLD}"],
        ["Bearer \u00fc\u00ff"],
    ],
)
def test_nothing_else_opens(presented: Sequence[str]) -> None:
    """No key, half a key, two keys, another scheme: 401, and how to do it right (RFC 6750)."""
    with pytest.raises(Problem) as refused:
        recognise([SHOP, DESK], presented)
    assert refused.value.kind is UNAUTHORIZED
    told = refused.value.response().headers["www-authenticate"]
    assert told.startswith("Bearer realm=")
    assert ("invalid_token" in told) == bool(presented)


def test_nobody_is_let_in_without_clients() -> None:
    """An empty key is not the key of no client."""
    with pytest.raises(Problem):
        recognise([], ["Bearer "])


def test_every_key_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it takes does not tell which key it was, nor how much of it was right."""
    compared = []

    def compare(ours: bytes, theirs: bytes) -> bool:
        compared.append((len(ours), len(theirs)))
        return ours == theirs

    monkeypatch.setattr(hmac, "compare_digest", compare)
    recognise([SHOP, DESK], [f"Bearer {OLD}"])
    assert compared == [(32, 32)] * 3


def test_a_lost_file_locks_out_its_own_client_only() -> None:
    """The others go on; the operator is told."""

    def lost() -> Sequence[str]:
        raise SecretMissing("file:gone: it cannot be read")

    broken = Client("broken", frozenset({"support"}), lost)
    with structlog.testing.capture_logs() as logs:
        assert recognise([broken, DESK], [f"Bearer {OTHER}"]) is DESK
    assert [(log["event"], log["client"]) for log in logs] == [("client_key_missing", "broken")]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: [client("a", "0123456789abcde")], "clients.a.keys: a key of under 16 characters"),
        (lambda: [client("a", "with a blank in the middle")], "clients.a.keys: a key may hold letters"),
        (lambda: [client("a", "ümläute-in-the-key")], "clients.a.keys: a key may hold letters"),
        (lambda: [client("a", OLD), client("b", OLD)], "clients.b.keys: client 'a' has the same key"),
    ],
)
def test_keys_that_are_not_fit_for_use_are_refused(make: Callable[[], list[Client]], sentence: str) -> None:
    """Too short, not to be sent, not to be told apart: said before any door opens."""
    with pytest.raises(SettingsError, match=sentence):
        check(make())


def test_good_keys_are_taken() -> None:
    """Hex, base64 and one key named twice by the same client."""
    check([client("a", "00ff" * 8, "QUJDREVGR0hJSktMTU5PUA==", "00ff" * 8)])
