"""The table of schemes, and what it says about wrong settings."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.signatures.registry import SCHEMES, build_scheme, check_secrets
from connectors.signatures.sns import AmazonSns
from connectors.signatures.unsigned import Unsigned
from worker.errors import SettingsError

DOCUMENT = Path(__file__).parents[3] / "docs/connectors/signatures.md"


def test_schemes_are_known_by_their_names() -> None:
    """Each line is found under the name that a channel writes."""
    assert {name: scheme.name for name, scheme in SCHEMES.items()} == {name: name for name in SCHEMES}
    assert isinstance(build_scheme("none", "p"), Unsigned)
    built = build_scheme({"scheme": "amazon-sns", "topic_arns": ["*"], "tolerance_s": 60}, "p")
    assert built == AmazonSns(topic_arns=("*",), tolerance_s=60)


def test_every_scheme_names_its_source() -> None:
    """Its docstring begins with the documentation that rules, where there is one."""
    own = {"none", "hmac", "token"}
    for name, scheme in SCHEMES.items():
        first_line = (scheme.__doc__ or "").splitlines()[0]
        assert name in own or '"' in first_line or "RFC" in first_line, name


def test_every_scheme_and_option_is_documented() -> None:
    """The table for integrators has a line for each scheme, and names each of its options."""
    table, _, _ = DOCUMENT.read_text("utf-8").partition("\n## ")
    rows = {found[1]: line for line in table.splitlines() if (found := re.match(r"\| `([a-z-]+)` \|", line))}
    assert rows.keys() == SCHEMES.keys()
    for name, scheme in SCHEMES.items():
        missing = [option for option in scheme.model_fields if f"`{option}`" not in rows[name]]
        assert missing == [], name


def test_the_examples_of_the_document_work() -> None:
    """Every `verify` that is written there can be built."""
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("verify = ")]
    built = [build_scheme(tomllib.loads(line)["verify"], line).name for line in lines]
    assert sorted(set(built)) == ["client-certificate", "hmac", "slack", "token"]


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("rot13", "channels.c.verify asks for the scheme 'rot13', but there is: amazon-sns, basic, bearer"),
        ({"header": "X"}, "channels.c.verify asks for the scheme None"),
        ({"scheme": ["hmac"]}, "channels.c.verify asks for the scheme ['hmac']"),
        ({"scheme": "slack", "colour": "red"}, "channels.c.verify.colour: Extra inputs"),
        ({"scheme": "slack", "tolerance_s": -1}, "channels.c.verify.tolerance_s: "),
        ("amazon-sns", "channels.c.verify.topic_arns: Field required"),
        ("token", "channels.c.verify: give either `header` or `query`"),
        ({"scheme": "hmac", "signed": "x"}, "channels.c.verify: `signed` has no {body}"),
    ],
)
def test_wrong_schemes_are_named(written: Any, complaint: str) -> None:  # noqa: ANN401 - as written in a file
    """What is wrong is reported with its path and the reason."""
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        build_scheme(written, "channels.c.verify")


@pytest.mark.parametrize(
    ("scheme", "secrets", "complaint"),
    [
        ("slack", (), "channels.c.secrets: the scheme 'slack' needs at least one"),
        ("none", ("s",), "channels.c.secrets: the scheme 'none' has no use for a secret"),
        ("slack", ("s", ""), "channels.c.secrets: a secret is empty"),
        ("basic", ("u:p", "hush"), "channels.c.secrets.1: it is not user:password (scheme 'basic')"),
        ("sendgrid", ("hush",), "channels.c.secrets.0: it is no ECDSA public key, in base64 or PEM"),
        (
            "standard-webhooks",
            ("whsec_hush!", "whpk_aHVzaA=="),
            "before it; channels.c.secrets.1: it is no Ed25519 public key: it has 4 bytes instead of 32",
        ),
    ],
)
def test_unfit_secrets_are_named_but_not_shown(scheme: str, secrets: tuple[str, ...], complaint: str) -> None:
    """The path says which secret it is; none is repeated."""
    with pytest.raises(SettingsError, match=re.escape(complaint)) as error:
        check_secrets(build_scheme(scheme, "p"), secrets, "channels.c.secrets")
    assert "hush" not in str(error.value)
    assert "aHVza" not in str(error.value)


def test_fit_secrets_pass() -> None:
    """Nothing is said about what is right."""
    check_secrets(build_scheme("slack", "p"), ("new", "old"), "p")
    check_secrets(build_scheme("none", "p"), (), "p")
