"""A broker's URL has the store's form where it is Redis; kombu is told in its own."""

import ssl

import pytest
from kombu import Connection

from worker.brokers import Kind, read_broker
from worker.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://h/1", Kind.REDIS),
        ("rediss://h/1", Kind.REDIS),
        ("redis+socket:///run/r.sock?virtual_host=1", Kind.REDIS),
        ("amqp://h//", Kind.RABBITMQ),
        ("pyamqp://h//", Kind.RABBITMQ),
        ("memory://", Kind.OTHER),
        ("sqs://", Kind.OTHER),
    ],
)
def test_what_celery_understands_is_left_as_it_is(url: str, kind: Kind) -> None:
    """Nothing is added, and the kind is known."""
    broker = read_broker(url)
    assert (broker.kind, broker.url, broker.options, broker.tls) == (kind, url, {}, None)


def test_valkey_is_redis_to_celery() -> None:
    """There is no other name for it in kombu."""
    assert read_broker("valkeys://u:p@h/1").url == "rediss://u:p@h/1"


def test_rabbitmqs_certificate_is_checked_with_its_name() -> None:
    """Against the machine's authorities or the one that is named; options are called as for Redis."""
    broker = read_broker("amqps://u:p@rabbit.example.com:5671//?ssl_ca_certs=/etc/ca.pem")
    assert (broker.kind, broker.url) == (Kind.RABBITMQ, "amqps://u:p@rabbit.example.com:5671//")
    name = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "rabbit.example.com"}
    assert broker.tls == {**name, "ca_certs": "/etc/ca.pem"}
    assert read_broker("amqps://rabbit.example.com//").tls == name
    with pytest.raises(SettingsError, match=r"ssl_cert_reqs is no option of amqps; there is: ssl_ca_certs"):
        read_broker("amqps://h//?ssl_cert_reqs=none")


def test_sentinels_are_told_in_kombus_form() -> None:
    """Each with login and database; the master's name and the sentinels' own login are options."""
    broker = read_broker("sentinel://u:p@a,b:2/main/3?sentinel_password=s")
    assert broker.url == "sentinel://u:p@a:26379/3;sentinel://u:p@b:2/3"
    assert broker.options == {
        "master_name": "main",
        "sentinel_kwargs": {"socket_timeout": 5, "password": "s"},
    }
    connection = Connection(broker.url, transport_options=broker.options)
    assert connection.alt == ["sentinel://u:p@a:26379/3", "sentinel://u:p@b:2/3"]


def test_sentinels_with_tls_check_certificates() -> None:
    """Those of the sentinels and those of the servers, by the same options."""
    broker = read_broker("sentinels://a/main?ssl_ca_certs=ca.pem")
    assert broker.tls == {"ssl_ca_certs": "ca.pem"}
    assert broker.options["sentinel_kwargs"] == {"socket_timeout": 5, "ssl": True, "ssl_ca_certs": "ca.pem"}
    assert read_broker("sentinels://a/main").tls == {"ssl_cert_reqs": "required"}


def test_no_broker_on_a_cluster() -> None:
    """Celery has none: said at the start, with what to do."""
    with pytest.raises(SettingsError, match="name one Redis, sentinels or RabbitMQ"):
        read_broker("cluster://a,b")
