"""A secret is read where its reference leads, again when it changed, and its absence is said without it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.errors import SecretMissing
from worker.secrets import Secrets

Change = Callable[..., None]


def test_a_variable_is_read(environment: Change) -> None:
    """`env:NAME` is the variable's present value."""
    secrets = Secrets(Path())
    read = secrets.reader("env:KEY")
    environment(KEY="first")
    assert read() == "first"
    environment(KEY="second")
    assert read() == "second"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_says_nothing_is_missing(environment: Change, value: str | None) -> None:
    """Unset and empty are the same: an empty key would be sent as one."""
    environment(**({} if value is None else {"KEY": value}))
    with pytest.raises(SecretMissing, match="env:KEY: the environment variable KEY is not set or empty"):
        Secrets(Path()).value("env:KEY")


def test_a_file_is_read_beside_the_settings(tmp_path: Path) -> None:
    """A relative path begins at the settings file, and a trailing line end is none of the secret."""
    (tmp_path / "key").write_text("s3cret\n", encoding="utf-8")
    secrets = Secrets(tmp_path)
    assert secrets.value("file:key") == "s3cret"
    assert secrets.value(f"file:{tmp_path}/key") == "s3cret"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """A key rotates without a restart; an unchanged file is not read twice."""
    path = tmp_path / "key"
    path.write_text("first", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    secrets = Secrets(tmp_path)
    assert secrets.value("file:key") == "first"
    path.write_text("second", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert secrets.value("file:key") == "first"
    os.utime(path, ns=(2, 2))
    assert secrets.value("file:key") == "second"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"s3cret\xff", "cannot be read: not UTF-8 text"),
    ],
)
def test_a_file_that_says_nothing_is_missing(tmp_path: Path, content: bytes | None, said: str) -> None:
    """The reason is told, the content never."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretMissing, match=said) as caught:
        Secrets(tmp_path).value("file:key")
    assert "s3cret" not in str(caught.value)


def test_a_url_may_be_a_reference(environment: Change, tmp_path: Path) -> None:
    """It may hold a password; a plain one stands for itself."""
    environment(STORE="redis://:pw@host")
    (tmp_path / "url").write_text("redis://:pw@file", encoding="utf-8")
    secrets = Secrets(tmp_path)
    assert secrets.url("env:STORE") == "redis://:pw@host"
    assert secrets.url("file:url") == "redis://:pw@file"
    assert secrets.url("redis://plain") == "redis://plain"


def test_a_file_can_be_replaced(tmp_path: Path) -> None:
    """At once or not at all, for nobody else to read, and read anew; a variable cannot be."""
    secrets = Secrets(tmp_path)
    path = tmp_path / "token"
    path.write_text("first", encoding="utf-8")
    path.chmod(0o644)
    os.utime(path, ns=(1, 1))
    assert secrets.value("file:token") == "first"
    assert secrets.replace("file:token", "second")
    assert secrets.value("file:token") == "second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    assert not secrets.replace("env:TOKEN", "third")
    with pytest.raises(FileNotFoundError):
        secrets.replace("file:nowhere/token", "third")


def test_a_file_is_found_beside_the_settings(tmp_path: Path) -> None:
    """Relative references begin there, absolute ones stand for themselves."""
    secrets = Secrets(tmp_path)
    assert secrets.path("file:server.crt") == tmp_path / "server.crt"
    assert secrets.path("file:/etc/server.crt") == Path("/etc/server.crt")
