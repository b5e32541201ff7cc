"""Accounts and how often they are tried."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from console.accounts import Accounts, LoginRefused, TooManyTries, check
from console.passwords import Verifier
from console.visitors import Visitors
from worker.console_settings import ConsoleSettings
from worker.errors import SecretMissing, SettingsError
from worker.secrets import Secrets
from worker.store.memory import MemoryStore
from worker.wiring import utc_now


def test_only_hashes_are_taken_for_passwords(tmp_path: Path, password_hash: str) -> None:
    """A password that stands in a file as it is would be read by whoever reads the file."""

    def settings(password: str) -> ConsoleSettings:
        return ConsoleSettings.model_validate({"accounts": {"ann": {"role": "viewer", "password": password}}})

    (tmp_path / "good").write_text(password_hash)
    (tmp_path / "bad").write_text("correct horse battery")
    check(settings("file:good"), Secrets(tmp_path))
    check(settings(password_hash), Secrets(tmp_path))
    with pytest.raises(SettingsError, match=r"console\.accounts\.ann\.password is no Argon2 hash"):
        check(settings("file:bad"), Secrets(tmp_path))
    with pytest.raises(SecretMissing):
        check(settings("file:missing"), Secrets(tmp_path))
    with pytest.raises(ValueError, match="password"):
        settings("correct horse battery")


def test_many_tries_at_once_count_as_many(tmp_path: Path, accounts: Mapping[str, Any], password: str) -> None:
    """Each counts before its password is looked at, so hurrying gains nothing."""

    async def main() -> list[str]:
        settings = ConsoleSettings.model_validate({**accounts, "login": {"per_account": 4}})
        visitors = Visitors(MemoryStore(), settings, Secrets(tmp_path), utc_now)
        door = Accounts(visitors, Verifier())
        tries = (door.recognise("admin", "wrong", address="192.0.2.1") for _ in range(9))
        told = [type(each).__name__ for each in await asyncio.gather(*tries, return_exceptions=True)]
        with pytest.raises(TooManyTries, match="Wait 15 minutes"):
            await door.recognise("admin", password, address="192.0.2.1")
        return told

    told = asyncio.run(main())
    assert sorted(told) == [LoginRefused.__name__] * 4 + [TooManyTries.__name__] * 5


def test_a_good_log_in_lets_the_count_begin_anew(
    tmp_path: Path, accounts: Mapping[str, Any], password: str
) -> None:
    """Of the account; an address with an account of its own gets no more tries for others by it."""

    async def main() -> None:
        settings = ConsoleSettings.model_validate({**accounts, "login": {"per_account": 2, "per_address": 5}})
        visitors = Visitors(MemoryStore(), settings, Secrets(tmp_path), utc_now)
        door = Accounts(visitors, Verifier())
        for _ in range(2):
            with pytest.raises(LoginRefused):
                await door.recognise("viewer", "wrong", address="192.0.2.1")
            assert (await door.recognise("viewer", password, address="192.0.2.1")).name == "viewer"
        with pytest.raises(LoginRefused):
            await door.recognise("admin", "wrong", address="192.0.2.1")
        with pytest.raises(TooManyTries):
            await door.recognise("viewer", password, address="192.0.2.1")

    asyncio.run(main())
