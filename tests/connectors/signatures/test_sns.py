"""Amazon SNS, by messages of Amazon's own, and with a certificate of the tests' own at Amazon's address."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pydantic import ValidationError

from connectors.base import Delivery, EvidenceNeeded, Refused
from connectors.headers import Headers
from connectors.signatures.sns import AmazonSns
from tests.connectors.signing import SNS_CERTIFICATE_URL, SNS_EVIDENCE, sign_sns, sns_certificate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:tickets"
SCHEME = AmazonSns(topic_arns=(TOPIC,))
LINK = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336"


def message(kind: str = "Notification", *, version: str = "2", **more: Any) -> Delivery:  # noqa: ANN401 - any JSON
    """Return a signed message."""
    document: dict[str, Any] = {"Type": kind, "Message": "Hello\nworld ä"}
    if kind != "Notification":
        document |= {"SubscribeURL": LINK, "Token": "2336"}
    body = json.dumps(document | more).encode()
    return sign_sns(Delivery("c", Headers(), body, NOW), version=version)


def changed(**fields: Any) -> Delivery:  # noqa: ANN401 - any JSON
    """Return a signed notification that was changed afterwards; what is None is taken out."""
    genuine = message()
    document = {k: v for k, v in (json.loads(genuine.body) | fields).items() if v is not None}
    return replace(genuine, body=json.dumps(document).encode())


# Amazon's certificate and messages are those that its SDK is tested with: aws-sdk-java-v2, folder
# services-custom/sns-message-manager/src/test/resources (Apache-2.0).
AMAZON = Path(__file__).parent / "amazon"


@pytest.mark.parametrize("path", sorted(AMAZON.glob("*.json")), ids=lambda path: path.stem)
def test_amazons_own_messages_pass(path: Path) -> None:
    """At their time they are genuine by Amazon's own certificate; with another topic they are not."""
    document = json.loads(path.read_bytes())
    arrived = datetime.fromisoformat(document["Timestamp"]) + timedelta(seconds=2)
    found = Delivery("c", Headers(), path.read_bytes(), arrived)
    scheme = AmazonSns(topic_arns=("arn:aws:sns:us-west-2:131990247566:*",))
    evidence = {document["SigningCertURL"]: (AMAZON / "certificate.pem").read_bytes()}
    assert scheme.prove(found, (), evidence) is None
    with pytest.raises(Refused, match="does not fit"):
        scheme.prove(replace(found, body=found.body.replace(b"-topic", b"-topik")), (), evidence)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_every_kind_is_proved_in_both_versions(kind: str, version: str) -> None:
    """SHA-1 and SHA-256 signatures pass; there is no secret to name."""
    assert SCHEME.prove(message(kind, version=version), (), SNS_EVIDENCE) is None


def test_a_subject_is_signed_where_there_is_one() -> None:
    """A subject that was put there afterwards does not pass."""
    assert SCHEME.prove(message(Subject="Hi"), (), SNS_EVIDENCE) is None
    with pytest.raises(Refused, match="does not fit"):
        SCHEME.prove(changed(Subject="Hi"), (), SNS_EVIDENCE)


def test_the_certificate_is_asked_for_once_everything_else_is_right() -> None:
    """Without it nobody can tell; the address is named."""
    with pytest.raises(EvidenceNeeded) as needed:
        SCHEME.prove(message(), (), {})
    assert needed.value.url == SNS_CERTIFICATE_URL


@pytest.mark.parametrize(
    "url",
    [
        SNS_CERTIFICATE_URL.replace("https", "http"),
        SNS_CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        SNS_CERTIFICATE_URL.replace("sns.eu", "evil.sns.eu"),
        SNS_CERTIFICATE_URL.replace("https://", "https://evil.example@"),
        SNS_CERTIFICATE_URL.replace(".com/", ".com:8443/"),
        SNS_CERTIFICATE_URL.replace(".com/", ".com/../"),
        SNS_CERTIFICATE_URL + "?x=1",
        SNS_CERTIFICATE_URL + "\n",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-central-1.amazonaws.com/?Action=Anything.pem",
        "",
        None,
    ],
)
def test_certificates_are_fetched_from_amazon_only(url: str | None) -> None:
    """Any other address is Refused before anybody is asked to fetch it."""
    with pytest.raises(Refused, match="SigningCertURL leads elsewhere"):
        SCHEME.prove(changed(SigningCertURL=url), (), {})


@pytest.mark.parametrize(
    "host",
    [
        "us-gov-west-1.amazonaws.com",
        "cn-north-1.amazonaws.com.cn",
        "ap-southeast-2.amazonaws.com",
        "il-central-1.amazonaws.com",
        "eusc-de-east-1.amazonaws.eu",
    ],
)
def test_every_region_has_its_host(host: str) -> None:
    """Also those whose names have more parts, and those of other domains."""
    url = f"https://sns.{host}/SimpleNotificationService-0123456789abcdef.pem"
    with pytest.raises(EvidenceNeeded):
        SCHEME.prove(changed(SigningCertURL=url), (), {})


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (changed(Message="Other"), "does not fit"),
        (changed(Timestamp="2026-11-23T12:00:01.000Z"), "does not fit"),
        (changed(MessageId="other"), "does not fit"),
        (changed(Signature="AAAA"), "does not fit"),
        (changed(Signature="!"), "holds no base64"),
        (changed(SignatureVersion="1"), "does not fit"),
        (changed(SignatureVersion="3"), "neither 1 nor 2"),
        (changed(SignatureVersion=None), "neither 1 nor 2"),
        (changed(Type="Other"), "no message of Amazon SNS"),
        (changed(Type="SubscriptionConfirmation"), "the message has no SubscribeURL, Token"),
        (changed(Message=None), "the message has no Message"),
        (changed(Message={"a": 1}), "the message has no Message"),
        (changed(TopicArn=TOPIC + "2"), "`topic_arns` does not name"),
        (replace(message(), body=b"[]"), "no message of Amazon SNS"),
        (replace(message(), body=b"\xff"), "the proof cannot be found"),
        (replace(message(), body=message().body[:-1] + b', "Message": "x"}'), "a key stands twice"),
        (message("SubscriptionConfirmation", SubscribeURL="https://evil.example/?x"), "SubscribeURL leads"),
        (message("SubscriptionConfirmation", SubscribeURL="http://169.254.169.254/"), "SubscribeURL leads"),
    ],
)
def test_anything_else_is_refused(found: Delivery, reason: str) -> None:
    """What was changed, left out or doubled is Refused."""
    with pytest.raises(Refused, match=reason):
        SCHEME.prove(found, (), SNS_EVIDENCE)


# aws-sdk-java-v2, SnsHostProviderTest: the names by regions.
@pytest.mark.parametrize(
    "name",
    [
        "sns.amazonaws.com",
        "sns-us-gov-west-1.amazonaws.com",
        "sns-cn-north-1.amazonaws.com.cn",
        "sns-signing.me-south-1.amazonaws.com",
        "sns-signing.eusc-de-east-1.amazonaws.eu",
    ],
)
def test_certificates_have_other_names_in_other_regions(name: str) -> None:
    """Each of Amazon's names is taken."""
    evidence = {SNS_CERTIFICATE_URL: sns_certificate(name=name)}
    assert SCHEME.prove(message(), (), evidence) is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"no certificate", "no certificate with an RSA key"),
        (
            load_pem_x509_certificate(sns_certificate()).public_bytes(Encoding.DER),
            "no certificate with an RSA key",
        ),
        (sns_certificate(name="sns.amazonaws.com.evil.example"), "not for Amazon SNS"),
        (sns_certificate(name="sns.s3.amazonaws.com"), "not for Amazon SNS"),
        (sns_certificate(until=NOW - timedelta(seconds=1)), "not valid at this time"),
        (sns_certificate(until=NOW + timedelta(days=21 * 365)), "not valid at this time"),
    ],
)
def test_the_certificate_has_to_be_amazons(document: bytes, reason: str) -> None:
    """Its form, its name and its time are looked at."""
    with pytest.raises(Refused, match=reason):
        SCHEME.prove(message(), (), {SNS_CERTIFICATE_URL: document})


@pytest.mark.parametrize("late_s", [-3601, 3601])
def test_it_has_to_be_fresh(late_s: int) -> None:
    """An hour either way, unless the channel says otherwise."""
    moved = replace(message(), arrived_at=NOW + timedelta(seconds=late_s))
    with pytest.raises(Refused, match="signed 3601 s"):
        SCHEME.prove(moved, (), SNS_EVIDENCE)
    assert AmazonSns(topic_arns=(TOPIC,), tolerance_s=7200).prove(moved, (), SNS_EVIDENCE) is None


@pytest.mark.parametrize(
    ("named", "passes"),
    [
        ("arn:aws:sns:eu-central-1:123456789012:*", True),
        ("*", True),
        ("arn:aws:sns:eu-central-1:999999999999:*", False),
        ("tickets", False),
    ],
)
def test_topics_may_be_named_by_patterns(named: str, *, passes: bool) -> None:
    """A star stands for any text; whoever takes all topics has to say so."""
    scheme = AmazonSns(topic_arns=("arn:aws:sns:other", named))
    if passes:
        assert scheme.prove(message(), (), SNS_EVIDENCE) is None
    else:
        with pytest.raises(Refused, match="`topic_arns` does not name"):
            scheme.prove(message(), (), SNS_EVIDENCE)


def test_a_channel_says_whose_topics_it_takes() -> None:
    """Amazon signs for everybody, so without a topic nothing is proved."""
    for options in ({}, {"topic_arns": []}):
        with pytest.raises(ValidationError, match="topic_arns"):
            AmazonSns.model_validate(options)
